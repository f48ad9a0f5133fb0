namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L2: a cluster whose leader reaches a quorum keeps it, whatever one other member goes through: cut off, stopped,
/// restarted, removed, with a wall clock that jumps (R9, R31, R32).
/// </summary>
internal sealed class Undisturbed : Scripted
{
    private int _changesBefore;
    private bool _watching;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5, 5]), Clients = dice.Between(1, 3), ThinkMs = dice.Pick([100, 2_000, 2_000]),
        SafetyMs = 14_000, Scripted = true, SnapshotEveryEntries = dice.Pick([15, 1_000]), KeepEntries = 5,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        yield return Leader(world, 5_000);
        yield return 1_000;
        if (ReadyLeader(world) is not { } leader)
            yield break;
        _changesBefore = world.Checks.LeaderChanges;
        _watching = true;
        while (true)
        {
            var other = world.Dice.Pick(Others(world, leader));
            var lasts = world.Dice.Between(300, 4_000);
            Trouble(world, leader, other, lasts);
            yield return lasts;
            world.Network.HealCuts();
            if (!other.IsUp && other.LostAtUs is null)
                other.TryStart();
            yield return world.Dice.Between(1_500, 3_000);
            CheckNothingChanged(world);
        }
    }

    private static void Trouble(World world, SimMember leader, SimMember other, int lasts)
    {
        switch (world.Dice.Below(8))
        {
            case 0:
                world.Chaos.Network.Isolate(other.Id);
                break;
            case 1:
                world.Chaos.Machines.Pause(other, lasts);
                break;
            case 2:
                other.Crash(power: true);
                break;
            case 3:
                world.Chaos.Network.Deaf(other.Id);
                break;
            case 4:
                world.Chaos.Network.Mute(other.Id);
                break;
            case 5:
            case 6:
                // It hears all but the leader.
                world.Network.CutBoth(leader.Id, other.Id);
                world.Coverage.Count("partition, partial");
                break;
            default:
                world.Coverage.Count("clock jump");
                (world.Dice.OneIn(3) ? other : leader).Clock.JumpUs +=
                    Timeline.UsPerSecond * world.Dice.Between(-100_000, 50_000);
                break;
        }
    }

    public override void End(World world) => CheckNothingChanged(world);

    private void CheckNothingChanged(World world)
    {
        if (_watching && world.Checks.LeaderChanges != _changesBefore)
            throw new ViolationException("L2",
                $"the leader changed although it had a quorum: {Describe.Members(world)}");
    }
}
