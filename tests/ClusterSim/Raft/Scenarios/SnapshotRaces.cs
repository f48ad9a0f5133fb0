namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Snapshots and compaction all the time, to followers that are held up and then get everything at once, with messages
/// that come late and twice, and power cuts while a snapshot is put in place (R15, R16, R21).
/// </summary>
internal sealed class SnapshotRaces : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = 3, ThinkMs = 40, ReadPerThousand = 100, SafetyMs = 12_000,
        RestartMs = 300, SnapshotEveryEntries = dice.Between(4, 12), KeepEntries = dice.Below(4),
        AsideMs = dice.Pick([1, 30]), SegmentBytes = dice.Pick([4 << 10, 16 << 10]), Encrypted = dice.OneIn(3),
    };

    public override void Begin(World world)
    {
        var chaos = world.Chaos;
        world.Network.DuplicatePerThousand = world.Dice.Pick([0, 200]);
        world.Network.LatePerThousand = world.Dice.Pick([0, 50, 250]);
        world.Network.LateUs = world.Dice.Pick([200_000, 1_500_000]);
        world.Network.ReorderPerThousand = world.Dice.Pick([0, 300]);
        chaos.Every(1_200, () => chaos.Network.Clog(2_500));
        chaos.Every(1_500, () => HoldLink(world));
        chaos.Every(1_200, chaos.Machines.Crash);
        chaos.Every(500, () => CrashWhoReceives(world));
        chaos.Every(2_500, () => chaos.Network.AnyCut(2_000));
        chaos.Every(3_000, chaos.Machines.SnapshotNow);
        chaos.Every(4_000, chaos.Machines.Transfer);
    }

    /// <summary>What the leader says to one follower waits, and comes after what it says later.</summary>
    private static void HoldLink(World world)
    {
        if (world.Leader() is not { } leader)
            return;
        var to = world.Dice.Pick(world.Chaos.Ids());
        world.Network.Hold(leader.Id, to);
        world.Chaos.After(world.Dice.Between(300, 2_500), () => world.Network.Release(leader.Id, to));
    }

    /// <summary>The power goes while a snapshot comes in or is put in place.</summary>
    private static void CrashWhoReceives(World world)
    {
        foreach (var member in world.Present.Where(m => m.Process?.Core.ReceivesSnapshot == true))
            member.Disk.PowerCutIn = world.Dice.Below(30);
    }
}
