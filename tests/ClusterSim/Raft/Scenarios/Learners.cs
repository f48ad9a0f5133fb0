using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// New members that join while links to them are thin or cut, and leaders that lose everybody but a learner (R17).
/// </summary>
internal sealed class Learners : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([2, 3]), Clients = 3, ThinkMs = 100, ReadPerThousand = 200, SafetyMs = 14_000,
        RestartMs = 600, SnapshotEveryEntries = dice.Pick([20, 1_000]), KeepEntries = 10,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        world.Network.MaxDelayUs = world.Dice.Pick([1_000, 15_000]);
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var learners = new List<SimMember>();
            for (var i = world.Dice.Between(1, 3); i > 0; i--)
            {
                var learner = world.NewMember();
                if (!learner.TryStart())
                    continue;
                learners.Add(learner);
                world.Coverage.Count("member added");
                world.Network.Limit(leader.Id, learner.Id, world.Dice.Pick([0, 20_000, 60_000]));
                Ask(world, leader, ConfChange.AddLearner(learner.Self));
                yield return new(400, () => learner.Process?.Core.LastIndex > 0);
            }
            if (world.Dice.OneIn(3))
            {
                foreach (var learner in learners)
                    world.Network.CutBoth(leader.Id, learner.Id);
            }
            else
            {
                // The leader is alone with its learners.
                foreach (var other in Others(world, leader).Except(learners))
                {
                    foreach (var member in learners.Append(leader))
                        world.Network.CutBoth(member.Id, other.Id);
                }
            }
            yield return world.Dice.Between(200, 2_000);
            world.Network.Heal();
            foreach (var learner in learners)
                world.Network.Limit(leader.Id, learner.Id, 0);
            yield return world.Dice.Between(500, 2_000);
            if (world.Present.Count() > 4 && ReadyLeader(world) is { } now)
                Remove(world, now);
            yield return 500;
        }
    }

    private static void Remove(World world, SimMember leader)
    {
        foreach (var member in Others(world, leader).Where(m => world.CanLose(m)).Take(2))
            world.Operator.Remove(member);
    }
}
