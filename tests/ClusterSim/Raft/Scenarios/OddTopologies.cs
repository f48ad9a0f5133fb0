namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L4: as long as some member reaches a quorum both ways, the cluster gets on with its work within ten election
/// timeouts, whatever the others hear (R11).
/// </summary>
internal sealed class OddTopologies : Scripted
{
    private const int LimitMs = 10_000;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5, 5]), Clients = 3, ThinkMs = 150, SafetyMs = 26_000, Scripted = true,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        yield return Leader(world);
        while (true)
        {
            Draw(world);
            yield return world.Dice.Between(1_500, 3_000);
            var before = world.Checks.Log.LastIndex;
            yield return new(LimitMs, () => world.Checks.Log.LastIndex > before + 3);
            if (world.Checks.Log.LastIndex <= before + 3)
                throw new ViolationException(
                    "L4", $"a quorum is connected, and nothing is written for {LimitMs} ms: {Describe.Members(world)}");
            world.Network.HealCuts();
            yield return world.Dice.Between(0, 1_500);
        }
    }

    private static void Draw(World world)
    {
        var leader = ReadyLeader(world) ?? world.AnyMember();
        switch (world.Dice.Below(4))
        {
            case 0:
                world.Chaos.Network.OddTopology();
                break;
            case 1:
                // It speaks to all and hears nobody; the others hear each other.
                world.Chaos.Network.Deaf(leader.Id);
                break;
            case 2:
                world.Chaos.Network.Mute(leader.Id);
                break;
            default:
                // It hears too few, but all hear it.
                foreach (var other in Others(world, leader).Take((world.Plan.Members / 2) + 1))
                    world.Network.Cut(other.Id, leader.Id);
                world.Coverage.Count("one-way link");
                break;
        }
    }
}
