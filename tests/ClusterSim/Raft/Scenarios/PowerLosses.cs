namespace Swarm.ClusterSim.Raft;

/// <summary>All machines lose their power again and again, some in the middle of a write (R1, R2, S7).</summary>
internal sealed class PowerLosses : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5]), ThinkMs = 60, RestartMs = dice.Pick([50, 400]), SafetyMs = 10_000,
        SegmentBytes = dice.Pick([2 << 10, 8 << 10]), SnapshotEveryEntries = dice.Between(5, 50),
        KeepEntries = dice.Below(20),
    };

    public override void Begin(World world)
    {
        world.Network.MaxDelayUs = world.Dice.Pick([500, 10_000]);
        world.Network.LatePerThousand = world.Dice.Pick([0, 50]);
        world.Chaos.Every(900, () =>
        {
            foreach (var member in world.Present.Where(m => m.IsUp && world.Dice.OneIn(2)))
                member.Disk.PowerCutIn = world.Dice.Below(4);
        });
        world.Chaos.Every(1_200, world.Chaos.Machines.PowerLossOfAll);
        world.Chaos.Every(600, world.Chaos.Machines.CrashInDiskWork);
    }
}
