using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Figure 8 of the Raft paper: a leader leaves entries on a minority, another one writes others to itself alone, the
/// first comes back and spreads its old entries to a majority but not yet one of its own term, and then the second
/// returns (R4).
/// </summary>
internal sealed class FigureEight : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 5, Clients = 6, ThinkMs = 15, ReadPerThousand = 100, SafetyMs = 16_000, Scripted = true,
        MaxUncommittedEntries = 100, SnapshotEveryEntries = dice.Pick([60, 1_000]),
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        // Long ways, so that what leaves can still be stopped.
        world.Network.MaxDelayUs = 12_000;
        while (true)
        {
            yield return Leader(world);
            yield return world.Dice.Between(100, 300);
            if (ReadyLeader(world) is not { } first)
                continue;
            var others = Others(world, first);
            var friend = others[0];
            CutPair(world, first, friend, others.Skip(1));
            yield return world.Dice.Between(150, 450);
            Stop(first);
            SimMember? second = null;
            yield return new(3_000, () => (second = others.Skip(1).FirstOrDefault(Leads)) is not null);
            if (second is not null)
            {
                world.Chaos.Network.Isolate(second.Id);
                yield return 20;
                Stop(second);
            }
            var rest = others.Skip(1).Where(o => o != second).ToArray();
            foreach (var pause in SpreadOld(world, first, friend, rest))
                yield return pause;
            // Those who spread the old entries go; the second comes back to those who have only these.
            Stop(first);
            Stop(friend);
            world.Network.HealCuts();
            second?.TryStart();
            yield return world.Dice.Between(1_500, 2_500);
            foreach (var member in world.Present.Where(m => !m.IsUp))
                member.TryStart();
            yield return world.Dice.Between(300, 1_000);
        }
    }

    /// <summary>
    /// The first one leads again with its friend's vote and one more, and this one gets old entries until it is cut
    /// off.
    /// </summary>
    private static IEnumerable<Pause> SpreadOld(World world, SimMember first, SimMember friend, SimMember[] rest)
    {
        world.Network.HealCuts();
        first.TryStart();
        foreach (var late in rest.Skip(1))
        {
            world.Network.Cut(first.Id, late.Id);
            world.Network.Cut(friend.Id, late.Id);
        }
        var near = rest[0];
        var before = near.Process?.Core.LastIndex ?? 0;
        yield return new(4_000, () => Leads(first) || Leads(friend) || rest.Any(Leads));
        foreach (var late in rest.Skip(1))
            world.Network.Cut(late.Id, friend.Id);
        yield return new(300, () => near.Process?.Core.LastIndex > before);
        if (world.Dice.OneIn(4))
            yield return world.Dice.Between(1, 20);
        world.Network.Cut(first.Id, near.Id);
        world.Network.Cut(friend.Id, near.Id);
        // Time for its answer.
        yield return world.Dice.Between(10, 40);
    }

    private static void CutPair(World world, SimMember first, SimMember friend, IEnumerable<SimMember> others)
    {
        foreach (var far in others)
        {
            world.Network.CutBoth(first.Id, far.Id);
            world.Network.CutBoth(friend.Id, far.Id);
        }
    }

    private static bool Leads(SimMember member) => member.Process?.Core.Role == RaftRole.Leader;

    private static void Stop(SimMember member)
    {
        if (member.IsUp)
            member.Crash(power: true);
    }
}
