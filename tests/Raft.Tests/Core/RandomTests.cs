using FsCheck;
using FsCheck.Fluent;

namespace Swarm.Raft.Tests.Core;

/// <summary>Any order of ticks, writes, cuts, heals and restarts (S4): one history, of which each member has a
/// prefix.</summary>
public sealed class RandomTests
{
    [Fact]
    public void Whatever_happens_all_members_apply_one_history() =>
        Prop.ForAll<int[]>(steps =>
        {
            var cluster = new TestCluster(3);
            cluster.Tick(150);
            for (var i = 0; i < steps.Length; i++)
                Act(cluster, Math.Abs((long)steps[i]), i);
            cluster.Heal();
            var leader = cluster.TickUntilLeader();
            cluster.Tick(50);
            return new ulong[] { 1, 2, 3 }.All(id => cluster.Applied(id) == cluster.Applied(leader));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(200));

    private static void Act(TestCluster cluster, long step, int number)
    {
        var id = (ulong)(step % 3) + 1;
        switch (step / 3 % 6)
        {
            case 0:
                cluster.Isolate(id);
                break;
            case 1:
                cluster.Heal();
                break;
            case 2:
                cluster.Restart(id);
                break;
            case 3:
                cluster[id].Propose(TestCluster.Bytes($"v{number}"));
                cluster.Deliver();
                break;
            default:
                cluster.Tick((int)(step % 120) + 1);
                break;
        }
    }
}
