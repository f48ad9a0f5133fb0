using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// New members that join while links to them are thin or cut, and leaders that lose everybody but a learner (R17).
/// </summary>
internal sealed class Learners : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 3, Clients = 3, ThinkMs = 100, ReadPerThousand = 200, SafetyMs = 14_000, RestartMs = 600,
        SnapshotEveryEntries = dice.Pick([20, 1_000]), KeepEntries = 10,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var learner = world.NewMember();
            if (!learner.TryStart())
                continue;
            world.Coverage.Count("member added");
            world.Network.Limit(leader.Id, learner.Id, world.Dice.Pick([0, 20_000, 60_000]));
            if (world.Dice.OneIn(2))
                learner.Clock.Drift(900_000);
            Ask(world, leader, ConfChange.AddLearner(learner.Self));
            yield return new(200, () => learner.Process?.Core.LastIndex > 0);
            if (world.Dice.OneIn(2))
            {
                // The leader and the learner are alone together.
                foreach (var other in Others(world, leader).Where(m => m != learner))
                {
                    world.Network.CutBoth(leader.Id, other.Id);
                    world.Network.CutBoth(learner.Id, other.Id);
                }
            }
            else
            {
                world.Network.CutBoth(leader.Id, learner.Id);
            }
            yield return world.Dice.Between(200, 2_000);
            world.Network.Heal();
            world.Network.Limit(leader.Id, learner.Id, 0);
            yield return world.Dice.Between(500, 2_000);
            if (world.Present.Count() > 5 && ReadyLeader(world) is { } now)
                Remove(world, now);
            yield return 500;
        }
    }

    private static void Remove(World world, SimMember leader)
    {
        foreach (var member in Others(world, leader).Where(m => world.CanLose(m)).Take(1))
            world.Operator.Remove(member);
    }
}
