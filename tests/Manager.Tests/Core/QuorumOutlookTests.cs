using Swarm.Manager.Core;
using Swarm.Model;

namespace Swarm.Manager.Tests.Core;

public sealed class QuorumOutlookTests
{
    [Theory]
    [InlineData("a:M b:M c:M", "a b c", "c", 2, 2, true)]
    [InlineData("a:M b:M c:M", "a b c-", "c", 2, 2, true)] // The lost one may always go.
    [InlineData("a:M b:M c:M", "a b c-", "b", 2, 1, false)]
    [InlineData("a:M b:M", "a b", "b", 1, 1, true)]
    [InlineData("a:M", "a", "a", 0, 0, false)]
    [InlineData("a:M b:M", "a b?", "a", 0, 0, false)] // A learner has no vote yet.
    [InlineData("a:M b:M c:MW", "a b c", "b", 1, 1, true)] // c goes as well.
    [InlineData("a:M b:M c:M d:M e:M", "a b c d- e-", "c", 4, 2, false)]
    [InlineData("a:M b:M c:M d:M e:M", "a b c d- e-", "d", 4, 3, true)]
    public void Those_who_remain_are_counted(
        string nodes, string members, string leaving, int remaining, int reachable, bool holds)
    {
        var outlook = QuorumOutlook.Without(Cast.State(nodes), Cast.Members(members), new NodeId(leaving));
        Assert.Equal((remaining, reachable, holds), (outlook.Remaining, outlook.Reachable, outlook.Holds));
        Assert.Equal(holds, outlook.Refusal("demote node x").Length == 0);
    }

    [Fact]
    public void A_refusal_says_how_many_remain_and_what_to_do()
    {
        var outlook = QuorumOutlook.Without(Cast.State("a:M b:M c:M"), Cast.Members("a b c-"), new NodeId("b"));
        Assert.Equal(
            "can't demote node b: this would result in a loss of quorum: 2 managers would remain, 1 of them reachable, "
            + "2 needed. Start c again, or demote what is lost for ever first",
            outlook.Refusal("demote node b"));
        var last = QuorumOutlook.Without(Cast.State("a:M"), Cast.Members("a"), new NodeId("a"));
        Assert.StartsWith(
            "attempting to demote node a, the last manager of the swarm", last.Refusal("demote node a"),
            StringComparison.Ordinal);
    }
}
