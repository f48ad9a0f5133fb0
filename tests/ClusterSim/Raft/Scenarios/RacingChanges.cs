using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Ongaro's cases of 2015: a leader is cut off with a change that only it (and perhaps one more) has, the next one
/// makes another at once, and the first comes back to those who have neither (R7, R8).
/// </summary>
internal sealed class RacingChanges : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([2, 3, 4, 4, 4, 5]), Clients = 3, ThinkMs = 100, SafetyMs = 14_000,
        SnapshotEveryEntries = dice.Pick([20, 1_000]), KeepEntries = 10, RestartMs = 300,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        // Long ways, so that what leaves can still be stopped.
        world.Network.MaxDelayUs = 12_000;
        while (true)
        {
            yield return Leader(world);
            yield return world.Dice.Between(50, 500);
            if (ReadyLeader(world) is not { } first)
                continue;
            var configuration = first.Process!.Core.Configuration;
            var others = Others(world, first).Where(m => configuration.IsVoter(m.Id)).ToArray();
            if (others.Length < 2)
            {
                foreach (var pause in OfTwo(world, first))
                    yield return pause;
                continue;
            }
            // The first leader hears everybody a moment ago, and nobody hears it any more.
            foreach (var other in world.Present.Where(m => m != first))
                world.Network.CutBoth(first.Id, other.Id);
            Ask(world, first, AnyChange(world, first, others));
            SimMember? second = null;
            yield return new(2_500, () => (second = others.FirstOrDefault(
                m => m.Process?.Core.Role == RaftRole.Leader)) is not null);
            if (second is not null)
            {
                var left = others.Where(m => m != second).ToArray();
                foreach (var kept in left.Skip(1))
                    world.Network.CutBoth(second.Id, kept.Id);
                Ask(world, second, world.Dice.OneIn(3) && world.Find(first.Id) is not null
                    ? AnyChange(world, second, left) : ConfChange.Remove(first.Id));
                yield return world.Dice.Between(0, 120);
                world.Network.HealCuts();
                foreach (var a in left.Take(1).Append(second))
                {
                    foreach (var b in world.Present.Where(m => m != second && m != left.FirstOrDefault()))
                        world.Network.CutBoth(a.Id, b.Id);
                }
                yield return world.Dice.Between(500, 3_000);
            }
            world.Network.HealCuts();
            yield return world.Dice.Between(300, 1_500);
            if (world.Dice.OneIn(2) && ReadyLeader(world) is { } leader)
                Grow(world, leader);
            yield return 1_000;
        }
    }

    /// <summary>A leader of two takes itself out, and its power goes before anybody hears of it.</summary>
    private static IEnumerable<Pause> OfTwo(World world, SimMember first)
    {
        if (world.Dice.OneIn(2))
        {
            Ask(world, first, ConfChange.Remove(first.Id));
            yield return world.Dice.Between(0, 8);
            if (first.IsUp)
                first.Crash(power: true);
            yield return 1_000;
        }
        if (ReadyLeader(world) is { } leader)
            Grow(world, leader);
        yield return 1_500;
    }

    private static ConfChange AnyChange(World world, SimMember leader, SimMember[] others) =>
        ConfChange.Remove(world.Dice.Pick(others.Length > 1 && !world.Dice.OneIn(3) ? others : [leader]).Id);

    /// <summary>There must be somebody left to remove.</summary>
    private static void Grow(World world, SimMember leader)
    {
        if (leader.Process!.Core.Configuration.Members.Length >= 5)
            return;
        var member = world.NewMember();
        if (member.TryStart())
            Ask(world, leader, ConfChange.AddLearner(member.Self));
    }
}
