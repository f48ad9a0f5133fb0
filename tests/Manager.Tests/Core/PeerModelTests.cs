using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>Each session hears of every change once; what is kept for it is one number.</summary>
public sealed class PeerModelTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private ClusterState _state = ClusterState.Empty;

    [Fact]
    public void A_session_gets_everything_and_then_what_changed()
    {
        Do(Create("a"), Create("b"), Address("a", "10.0.0.1"));
        var model = new PeerModel(_state);
        var first = model.Since(0, new NodeId("b"), complete: true)!;
        Assert.True(first.Complete);
        Assert.Equal(["a"], first.Peers.Select(p => p.NodeId));
        var seen = model.Version;
        Assert.Null(model.Since(seen, new NodeId("b"), complete: false));

        Follow(model, Address("b", "10.0.0.2"));
        Assert.Null(model.Since(seen, new NodeId("b"), complete: false));
        Assert.Equal(["b"], model.Since(seen, new NodeId("a"), complete: false)!.Peers.Select(p => p.NodeId));

        seen = model.Version;
        Follow(model, new StoreAction.SetNodeStatus(new NodeId("b"), NodeStatus.Types.State.Down, "", ""));
        Assert.Equal(seen, model.Version);
        Follow(model, new StoreAction.RemoveNode(new NodeId("b")));
        Assert.Equal(["b"], model.Since(seen, new NodeId("a"), complete: false)!.RemovedNodeIds);
    }

    [Fact]
    public void Sessions_at_one_version_share_a_message_but_for_those_that_it_is_about()
    {
        Do(Create("a"), Create("b"), Create("c"), Create("d"));
        var model = new PeerModel(_state);
        var seen = model.Version;
        Follow(model, Address("b", "10.0.0.2"));
        Follow(model, Address("a", "10.0.0.1"));

        var shared = model.Since(seen, new NodeId("c"), complete: false)!;
        Assert.Equal(["a", "b"], shared.Peers.Select(p => p.NodeId));
        Assert.Same(shared, model.Since(seen, new NodeId("d"), complete: false));
        Assert.Equal(["b"], model.Since(seen, new NodeId("a"), complete: false)!.Peers.Select(p => p.NodeId));
        Assert.Equal(["a"], model.Since(seen + 1, new NodeId("c"), complete: false)!.Peers.Select(p => p.NodeId));
    }

    [Fact]
    public void Who_is_too_far_behind_gets_everything()
    {
        Do(Create("a"), Create("b"));
        var model = new PeerModel(_state);
        for (var i = 0; i <= PeerModel.MaxRemembered; i++)
        {
            Follow(model, Address("a", $"10.0.{i / 250}.{i % 250}"));
        }

        Assert.True(model.Since(1, new NodeId("b"), complete: false)!.Complete);
        Assert.False(model.Since(model.Version - 1, new NodeId("b"), complete: false)!.Complete);
    }

    private void Do(params StoreAction[] actions) =>
        _state = _state.Apply(new StoreEntry(s_now, [.. actions]), _state.LastIndex + 1).State;

    private void Follow(PeerModel model, StoreAction action)
    {
        var result = _state.Apply(new StoreEntry(s_now, [action]), _state.LastIndex + 1);
        _state = result.State;
        model.Update(_state, result.Changes);
    }

    private static StoreAction.CreateNode Create(string id) => new(new NodeRecord
    {
        Id = new NodeId(id), CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
    });

    private static StoreAction.SetNodeStatus Address(string id, string address) =>
        new(new NodeId(id), NodeStatus.Types.State.Ready, "", address);
}
