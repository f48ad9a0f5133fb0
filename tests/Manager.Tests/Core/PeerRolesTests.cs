using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

public sealed class PeerRolesTests
{
    private static readonly ClusterState State = Cast.State("a:M b:W");

    [Theory]
    [InlineData("a", CallerRole.Manager, CallerRole.Manager)]
    [InlineData("a", CallerRole.Worker, CallerRole.Worker)] // Promoted, with the old certificate.
    [InlineData("b", CallerRole.Manager, CallerRole.Worker)] // Demoted, with the old certificate.
    [InlineData("b", CallerRole.Worker, CallerRole.Worker)]
    [InlineData("x", CallerRole.Manager, null)] // Removed.
    [InlineData("x", CallerRole.Worker, null)]
    [InlineData("", CallerRole.Anyone, CallerRole.Anyone)]
    [InlineData("", CallerRole.Local, CallerRole.Local)]
    public void A_certificate_counts_as_far_as_the_state_allows(string node, CallerRole says, CallerRole? counts) =>
        Assert.Equal(counts, PeerRoles.Of(Peer(node, says), State)?.Role);

    [Fact]
    public void A_manager_without_state_believes_nobody_to_be_one() =>
        Assert.Equal(CallerRole.Worker, PeerRoles.Of(Peer("a", CallerRole.Manager), ClusterState.Empty)?.Role);

    [Theory]
    [InlineData("a", CallerRole.Manager, false, "", true)]
    [InlineData("a", CallerRole.Worker, false, "a", false)]
    [InlineData("b", CallerRole.Manager, false, "", false)] // Demoted.
    [InlineData("b", CallerRole.Manager, false, "b", true)] // The log says that it is a member; the state lags.
    [InlineData("x", CallerRole.Manager, false, "", false)] // Removed.
    [InlineData("x", CallerRole.Manager, true, "", true)] // Perhaps the leader that brings the news.
    [InlineData("x", CallerRole.Worker, true, "", false)]
    public void Raft_reaches_a_manager_that_is_behind(
        string node, CallerRole says, bool outOfTouch, string member, bool mayTalk) => Assert.Equal(
            mayTalk, PeerRoles.MayTalkRaft(Peer(node, says), State, new View(outOfTouch, member)));

    [Theory]
    [InlineData("b", false, "", false)]
    [InlineData("x", false, "", true)]
    [InlineData("x", true, "", false)]
    [InlineData("x", false, "x", false)]
    public void Removed_nodes_get_no_handshake(string node, bool outOfTouch, string member, bool revoked)
    {
        Assert.Equal(revoked, PeerRoles.IsRevoked(new NodeId(node), State, new View(outOfTouch, member)));
        Assert.False(PeerRoles.IsRevoked(new NodeId(node), ClusterState.Empty, new View(outOfTouch, member)));
    }

    private static PeerIdentity Peer(string node, CallerRole role) => new(role, node, "cluster", "192.0.2.1:5");

    private sealed record View(bool OutOfTouch, string Member) : IRaftView
    {
        public bool HasMember(NodeId node) => node.Value == Member;
    }
}
