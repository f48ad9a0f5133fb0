using Swarm.Manager.Core;

namespace Swarm.Manager.Tests.Core;

public sealed class RolePlanTests
{
    [Theory]
    [InlineData("a:M b:M c:W", "a b", "a", "")]
    [InlineData("a:M b:WM", "a", "a", "b is Manager")]
    [InlineData("a:M b:M c:M", "a b", "a", "")] // Promoted: it asks to be taken in itself.
    [InlineData("a:M b:MW c:M", "a b c", "a", "b out")]
    [InlineData("a:M b:MW c:M", "a c", "a", "b is Worker")]
    [InlineData("a:MW b:M c:M", "a b c", "a", "lead c")] // c has more of the log.
    [InlineData("a:MW b:M c:M", "a b c-", "a", "lead b")]
    [InlineData("a:MW b:M", "a b?", "a", "")] // Nobody can take over yet.
    [InlineData("a:MW b:MW c:M", "a b c", "a", "b out")] // The leader last.
    [InlineData("a:M b:MW c:M", "a b c-", "a", "")] // a alone would be no quorum of a and c.
    [InlineData("a:M b:MW c:MW d:M e:M", "a b c- d e", "a", "c out")] // The lost one first.
    [InlineData("a:M b:MW c:M", "a b? c-", "a", "b out")] // A learner has no vote to miss.
    [InlineData("a:M c:M", "a b c", "a", "b out")] // Its node is gone.
    [InlineData("a:M b:W c:M", "a b c", "a", "b out")] // Taken in while it was demoted.
    [InlineData("b:M", "a b", "a", "")] // The first manager leads before the state knows it.
    [InlineData("a:M b:WM", "a b", "a", "b out")] // What is left of an earlier life goes first.
    public void The_next_step_is_decided_by_what_is_there(string nodes, string members, string self, string expected) =>
        Assert.Equal(expected, Text(RolePlan.Next(Cast.State(nodes), Cast.Members(members), Cast.Member(self))));

    [Fact]
    public void Nothing_is_done_before_there_is_a_cluster() =>
        Assert.Null(RolePlan.Next(Swarm.Store.ClusterState.Empty, Cast.Members("a b"), Cast.Member("a")));

    private static string Text(RoleStep? step) => step switch
    {
        RoleStep.SetRole(var node, var role) => $"{node} is {role}",
        RoleStep.Remove(_, var node) => $"{node} out",
        RoleStep.HandOver(var to) => $"lead {(char)('a' + (int)to.Value - 1)}",
        _ => "",
    };
}
