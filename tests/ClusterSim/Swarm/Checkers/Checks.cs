namespace Swarm.ClusterSim.Orchestration;

/// <summary>All checkers, one an invariant.</summary>
internal static class Checks
{
    public static List<Checker> All(World world)
    {
        var book = new UpdateBook(world);
        return
        [
            book,
            new I01TaskHasService(world),
            new I02Transitions(world),
            new I03Identity(world),
            new I06OneWanted(world),
            new I07OneContainer(world),
            new I10History(world),
            new I12NodeDown(world),
            new I13Containers(world),
            new I14NewLeader(world),
            new I15Placement(world),
            new I16Reservations(world),
            new I17Ports(world),
            new I19MaxReplicas(world),
            new I21Pending(world),
            new I24Parallelism(world, book),
            new I25StartFirst(world, book),
            new I26Monitor(world, book),
            new I27FailureRatio(world, book),
            new I29Rollback(world),
            new I31Unchanged(world, book),
            new I33Restarts(world),
            new I41Mesh(world),
            new I44Refused(world),
            new JobCompletions(world),
        ];
    }
}
