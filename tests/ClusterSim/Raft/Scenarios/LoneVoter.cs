namespace Swarm.ClusterSim.Raft;

/// <summary>One voter, perhaps with a learner, whose power goes in the middle of its disk's work (R3).</summary>
internal sealed class LoneVoter : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 1, Clients = 3, ThinkMs = 50, SafetyMs = 8_000, RestartMs = 200,
        SnapshotEveryEntries = dice.Between(10, 60), KeepEntries = dice.Below(10),
    };

    public override void Begin(World world)
    {
        world.Chaos.Every(200, world.Chaos.Machines.CrashInDiskWork);
        if (world.Dice.OneIn(2))
            world.Chaos.Every(1_500, () => world.Chaos.Disks.Slow(1_000));
        if (world.Dice.OneIn(3))
            world.Chaos.Every(1_500, world.Chaos.Disks.FailSync);
    }
}
