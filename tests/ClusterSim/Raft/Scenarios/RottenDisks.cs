namespace Swarm.ClusterSim.Raft;

/// <summary>Disks of a minority rot, are wiped or fail, with machines that are replaced at the same address (R23 to
/// R25,
/// R33).</summary>
internal sealed class RottenDisks : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = 3, ThinkMs = 70, ReadPerThousand = 300, SafetyMs = 14_000,
        RestartMs = 500, SegmentBytes = dice.Pick([2 << 10, 6 << 10, 20 << 10]),
        SnapshotEveryEntries = dice.Pick([15, 60, 1_000]), KeepEntries = dice.Pick([3, 30]),
    };

    public override void Begin(World world)
    {
        var chaos = world.Chaos;
        world.Operator.Repairs = true;
        chaos.Every(700, chaos.Disks.Rot);
        chaos.Every(4_000, chaos.Disks.Wipe);
        chaos.Every(3_000, chaos.Disks.Clone);
        chaos.Every(1_500, chaos.Disks.FailSync);
        chaos.Every(2_000, () => chaos.Disks.Fill(2_000));
        chaos.Every(1_500, chaos.Machines.Crash);
        chaos.Every(2_500, () => chaos.Disks.Slow(1_500));
        chaos.Every(5_000, () => chaos.Network.AnyCut(1_000));
    }
}
