namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Leaders that are cut off or stopped for a while and do not know it, with clients that read from everybody (R12 to
/// R14).
/// </summary>
internal sealed class StaleReaders : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = 5, ThinkMs = 25, ReadPerThousand = 700, SafetyMs = 9_000,
        Objects = ["n1", "s1"], RestartMs = 400, ClientLossPerThousand = dice.Pick([0, 100]),
        SnapshotEveryEntries = dice.Pick([40, 1_000]),
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        world.Network.MaxDelayUs = world.Dice.Pick([1_000, 8_000, 30_000]);
        world.Network.LatePerThousand = world.Dice.Pick([0, 30]);
        world.Network.LateUs = 400_000;
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } leader)
                continue;
            yield return world.Dice.Between(0, 400);
            switch (world.Dice.Below(7))
            {
                case 5:
                case 6:
                    // It slept while the others went on, hears nobody when it wakes up, and believes that it leads.
                    world.Chaos.Network.Isolate(leader.Id);
                    world.Chaos.Machines.Pause(leader, world.Dice.Between(700, 1_600));
                    yield return new(1_600, () => !leader.IsPaused);
                    yield return world.Dice.Between(300, 600);
                    break;
                case 0:
                    world.Chaos.Network.Isolate(leader.Id);
                    break;
                case 1:
                    world.Chaos.Network.Deaf(leader.Id);
                    break;
                case 2:
                    world.Network.Clog(leader.Id);
                    break;
                case 3:
                    leader.Crash(power: false);
                    break;
                default:
                    world.Chaos.Machines.Pause(leader, world.Dice.Between(600, 2_500));
                    break;
            }
            yield return world.Dice.Between(100, 2_500);
            world.Network.Heal();
        }
    }
}
