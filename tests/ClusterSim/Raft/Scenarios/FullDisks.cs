namespace Swarm.ClusterSim.Raft;

/// <summary>Disks fill up, stay full for a while, and have room again: what was refused then works again.</summary>
internal sealed class FullDisks : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([1, 3, 3]), Clients = 3, ThinkMs = 50, ReadPerThousand = 200, SafetyMs = 12_000,
        RestartMs = 500, SegmentBytes = dice.Pick([2 << 10, 8 << 10]), SnapshotEveryEntries = dice.Between(10, 60),
        KeepEntries = dice.Below(20),
    };

    public override void Begin(World world)
    {
        world.Chaos.Every(1_200, () => world.Chaos.Disks.Fill(3_000));
        world.Chaos.Every(4_000, world.Chaos.Machines.Crash);
    }
}
