using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Cuts and clogs between members.</summary>
internal sealed class NetworkFaults(World world)
{
    private Dice Dice => world.Dice;

    private SimNetwork Network => world.Network;

    /// <summary>Messages are lost, repeated, late, by what the dice say for this run.</summary>
    public void DrawNoise()
    {
        Network.LossPerThousand = Dice.Pick([0, 0, 10, 50, 150]);
        Network.DuplicatePerThousand = Dice.Pick([0, 20, 100, 300]);
        Network.LatePerThousand = Dice.Pick([0, 5, 30, 100]);
        Network.LateUs = Dice.Pick([20_000, 200_000, 1_500_000]);
        Network.ReorderPerThousand = Dice.Pick([0, 50, 500]);
        Network.MaxDelayUs = Dice.Pick([300, 1_000, 5_000, 40_000]);
    }

    /// <summary>One of the kinds of cuts, for a while.</summary>
    public void AnyCut(int maxMs)
    {
        Network.HealCuts();
        switch (Dice.Below(6))
        {
            case 0:
                Split();
                break;
            case 1:
                Isolate(Dice.Pick(world.Chaos.Ids()));
                break;
            case 2:
                Partial();
                break;
            case 3:
                OneWay();
                break;
            case 4:
                Deaf(Dice.Pick(world.Chaos.Ids()));
                break;
            default:
                Mute(Dice.Pick(world.Chaos.Ids()));
                break;
        }
        world.Chaos.After(Dice.Below(maxMs), Network.HealCuts);
    }

    /// <summary>Two halves that do not hear each other.</summary>
    public void Split()
    {
        var ids = world.Chaos.Ids();
        var left = ids.Where(_ => Dice.OneIn(2)).ToHashSet();
        foreach (var a in ids)
        {
            foreach (var b in ids.Where(b => left.Contains(a) != left.Contains(b)))
                Network.Cut(a, b);
        }
        Note("partition, symmetric");
    }

    public void Isolate(RaftId alone)
    {
        foreach (var other in world.Chaos.Ids())
            Network.CutBoth(alone, other);
        Note("member isolated");
    }

    /// <summary>It speaks and does not hear.</summary>
    public void Deaf(RaftId member)
    {
        foreach (var other in world.Chaos.Ids())
            Network.Cut(other, member);
        Note("partition, asymmetric");
    }

    /// <summary>It hears and does not speak.</summary>
    public void Mute(RaftId member)
    {
        foreach (var other in world.Chaos.Ids())
            Network.Cut(member, other);
        Note("partition, asymmetric");
    }

    /// <summary>The members in some order, each of which hears only its neighbours; or all only one in the
    /// middle.</summary>
    public void OddTopology()
    {
        var order = Dice.Shuffled(world.Chaos.Ids());
        var star = Dice.OneIn(2);
        for (var i = 0; i < order.Count; i++)
        {
            for (var j = i + 1; j < order.Count; j++)
            {
                if (star ? i > 0 : j > i + 1)
                    Network.CutBoth(order[i], order[j]);
            }
        }
        Note(star ? "topology, star" : "topology, chain");
    }

    /// <summary>Holds back what goes to one member, and lets it go at once.</summary>
    public void Clog(int maxMs)
    {
        var member = Dice.Pick(world.Chaos.Ids());
        Network.Clog(member);
        Note("clog");
        world.Chaos.After(Dice.Below(maxMs), () => Network.Unclog(member));
    }

    /// <summary>Some members are clogged one after the other and let go in another order.</summary>
    public void SwizzleClog(int maxMs)
    {
        var some = Dice.Shuffled(world.Chaos.Ids().Where(_ => Dice.OneIn(2)));
        var at = 0;
        foreach (var member in some)
            world.Chaos.After(at += Dice.Below(maxMs / 8), () => Network.Clog(member));
        foreach (var member in Dice.Shuffled(some))
            world.Chaos.After(at += Dice.Below(maxMs / 4), () => Network.Unclog(member));
        Note("swizzle-clog");
    }

    private void Partial()
    {
        var ids = world.Chaos.Ids();
        for (var i = 0; i < 2; i++)
            Network.CutBoth(Dice.Pick(ids), Dice.Pick(ids));
        Note("partition, partial");
    }

    private void OneWay()
    {
        var ids = world.Chaos.Ids();
        for (var i = 0; i < 3; i++)
            Network.Cut(Dice.Pick(ids), Dice.Pick(ids));
        Note("one-way link");
    }

    private void Note(string what)
    {
        world.Coverage.Count(what);
        world.Trace.Line(world.Timeline.NowUs, what);
    }
}
