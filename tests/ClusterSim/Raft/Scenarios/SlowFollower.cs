namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L6: a follower behind a thin line that was away for a while catches up although the leader takes snapshots and
/// compacts all the time (R16).
/// </summary>
internal sealed class SlowFollower : Scripted
{
    private const int LimitMs = 12_000;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 3, Clients = 3, ThinkMs = 120, ReadPerThousand = 100, SafetyMs = 22_000, Scripted = true,
        SnapshotEveryEntries = dice.Between(4, 10), KeepEntries = dice.Between(15, 40), AsideMs = 5,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        yield return Leader(world);
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var slow = world.Dice.Pick(Others(world, leader));
            slow.Crash(power: true);
            yield return world.Dice.Between(1_000, 3_000);
            foreach (var other in Others(world, slow))
                world.Network.Limit(other.Id, slow.Id, BytesPerSecond);
            slow.TryStart();
            yield return new(LimitMs, () => IsClose(world, slow));
            if (!IsClose(world, slow))
                throw new ViolationException(
                    "L6", $"{slow.Id} does not catch up within {LimitMs} ms: {Describe.Members(world)}");
            world.Coverage.Count("slow follower caught up");
            foreach (var other in Others(world, slow))
                world.Network.Limit(other.Id, slow.Id, 0);
            yield return 200;
        }
    }

    private static bool IsClose(World world, SimMember slow) =>
        slow.Process?.Machine.Applied + Close >= world.Checks.Log.LastIndex;

    /// <summary>Entries that it may lack at the moment of success.</summary>
    private const int Close = 4;

    /// <summary>Enough for what clients write, with little to spare.</summary>
    private const int BytesPerSecond = 30_000;
}
