using Swarm.Protocol.V1;

namespace Swarm.Node.Tests;

public sealed class LeavingTests
{
    [Fact]
    public void The_last_manager_is_told_that_everything_ends() => Assert.Equal(
        "You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager "
        + "erases all current state of the swarm. Use `--force` to ignore this message.",
        Leaving.Warning(Raft(true, (1, true, false))));

    [Fact]
    public void One_of_three_is_told_that_the_swarm_goes_on() => Assert.Equal(
        "You are attempting to leave the swarm on a node that is participating as a manager. 2 of 3 managers will "
        + "remain, 2 of them reachable and 2 needed: the swarm goes on. Use `--force` to suppress this message.",
        Leaving.Warning(Raft(true, (1, true, false), (2, true, false), (3, true, false))));

    [Fact]
    public void Who_would_take_the_quorum_is_told_so() => Assert.Contains(
        "Removing this node leaves 1 reachable managers out of 2, 2 are needed. Without a Raft quorum your swarm will "
        + "be inaccessible.",
        Leaving.Warning(Raft(true, (1, true, false), (2, true, false), (3, false, false))),
        StringComparison.Ordinal);

    [Fact]
    public void Learners_do_not_count() => Assert.Contains(
        "Removing the last manager",
        Leaving.Warning(Raft(true, (1, true, false), (2, true, true))),
        StringComparison.Ordinal);

    [Fact]
    public void Without_a_leader_nobody_knows() => Assert.Contains(
        "has no leader", Leaving.Warning(Raft(false, (1, true, false), (2, true, false))), StringComparison.Ordinal);

    [Fact]
    public void A_manager_without_a_log_is_not_the_last() => Assert.DoesNotContain(
        "last manager", Leaving.Warning(Raft(false)), StringComparison.Ordinal);

    private static RaftInfo Raft(bool known, params (ulong Id, bool Reachable, bool Learner)[] members)
    {
        var info = new RaftInfo { RaftId = 1, MembersKnown = known };
        info.Members.Add(members.Select(m => new RaftMemberInfo
        {
            RaftId = m.Id, Reachable = m.Reachable, Learner = m.Learner,
        }));
        return info;
    }
}
