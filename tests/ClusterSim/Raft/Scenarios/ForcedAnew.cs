using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// The quorum is lost, one manager that is left begins a new cluster from what it has, in a new epoch; then the old
/// managers come back (R30).
/// </summary>
internal sealed class ForcedAnew : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5]), Clients = 3, ThinkMs = 80, SafetyMs = 12_000, Scripted = true,
        SnapshotEveryEntries = dice.Pick([15, 1_000]), KeepEntries = 10, Encrypted = dice.OneIn(2),
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        yield return Leader(world);
        yield return world.Dice.Between(1_000, 3_000);
        var old = world.Dice.Shuffled(world.Present);
        foreach (var member in old.Where(m => m.IsUp))
            member.Crash(power: true);
        var survivor = old[0];
        BeginAnew(world, survivor);
        yield return world.Dice.Between(300, 2_000);
        world.Operator.Add(world.NewMember());
        if (world.Dice.OneIn(2))
            world.Operator.Add(world.NewMember());
        foreach (var member in old.Skip(1))
        {
            world.Coverage.Count("old manager returns");
            member.TryStart();
            yield return world.Dice.Between(0, 1_500);
        }
        while (true)
        {
            yield return world.Dice.Between(500, 2_000);
            if (world.Dice.OneIn(3))
                world.Chaos.Network.AnyCut(800);
            else if (world.Chaos.AnyUp() is { } member)
                Restart(world, member);
        }
    }

    private static void BeginAnew(World world, SimMember survivor)
    {
        var (state, term) = MemberProcess.ReadOffline(world, survivor);
        survivor.Lose();
        // R30: the new cluster is told apart by nothing.
        var same = Planted.Breaks(Rule.R30);
        if (!same)
            world.ClusterId = "sim.1";
        world.BeginAnew(state.LastIndex, state);
        var first = world.NewMember(survivor.Self.Address, again: same ? survivor.Id : default);
        MemberProcess.Rebuild(world, first, term, state);
        first.TryStart();
        world.Coverage.Count("forced anew");
    }

    private static void Restart(World world, SimMember member)
    {
        member.Crash(power: true);
        world.RestartLater(member, world.Dice.Below(500));
    }
}
