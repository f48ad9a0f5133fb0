namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L2 for processors: all machines at once do not run for a while (starved, stopped, a collection of garbage). Whoever
/// wakes up has heard nobody, which says nothing about the others: the leader stays (R32).
/// </summary>
internal sealed class Starved : Scripted
{
    private int _changesBefore;
    private bool _watching;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = dice.Between(1, 3), ThinkMs = dice.Pick([60, 1_000]),
        SafetyMs = 14_000, Scripted = true,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        yield return Leader(world, 5_000);
        yield return 1_000;
        if (ReadyLeader(world) is null)
            yield break;
        _changesBefore = world.Checks.LeaderChanges;
        _watching = true;
        while (true)
        {
            var lasts = world.Dice.Between(200, 2_500);
            world.Chaos.Machines.Starve(lasts);
            yield return lasts + world.Dice.Between(200, 1_500);
            CheckNothingChanged(world);
        }
    }

    public override void End(World world) => CheckNothingChanged(world);

    private void CheckNothingChanged(World world)
    {
        if (_watching && world.Checks.LeaderChanges != _changesBefore)
            throw new ViolationException(
                "L2", $"the leader changed although only processors were away: {Describe.Members(world)}");
    }
}
