using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>A node is down only while it has no session: whatever the order in which its signs of life come.</summary>
public sealed class NodeLivenessTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Grace = SpecDefaults.HeartbeatPeriod * SpecDefaults.HeartbeatsMissed;
    private static readonly NodeId N1 = new("n1".PadLeft(25, '0'));

    private readonly DispatcherCore _core;
    private ClusterState _state = ClusterState.Empty;
    private DateTimeOffset _now = Start;
    private SessionNumber _session;

    public NodeLivenessTests()
    {
        Apply(new StoreAction.CreateNode(new NodeRecord
        {
            Id = N1, CreatedAt = Start, Spec = new NodeSpec(), Role = NodeRole.Worker,
        }));
        _core = new DispatcherCore(_state, _now);
        _session = Open();
        Settle();
        Assert.Equal(NodeStatus.Types.State.Ready, State);
    }

    private NodeStatus.Types.State State => _state.Nodes[N1].State;

    [Fact]
    public void The_session_of_a_node_that_is_down_ends()
    {
        Pass(Grace);
        Assert.Equal(NodeStatus.Types.State.Down, State);
        Assert.Contains(_core.TakeOutput(), o => o.Session == _session && o.Message is null);
        Assert.Equal(0, _core.SessionCount);
    }

    /// <summary>The network was away for a little longer than the grace period, and the stream survived it.</summary>
    [Fact]
    public void A_heartbeat_that_comes_too_late_is_not_answered()
    {
        Pass(Grace);
        _core.TakeOutput();
        _core.Heartbeat(_session, _now);
        Assert.Empty(_core.TakeOutput());
        Settle();
        Assert.Equal(NodeStatus.Types.State.Down, State);
        _session = Open();
        Settle();
        Assert.Equal(NodeStatus.Types.State.Ready, State);
    }

    [Fact]
    public void The_word_that_a_node_is_down_is_taken_back_when_it_is_here_again()
    {
        _now += Grace;
        _core.Tick(_now);
        var down = _core.TakeActions();
        _session = Open();
        Assert.Empty(_core.TakeActions());
        Apply([.. down]);
        Assert.Equal(NodeStatus.Types.State.Down, State);
        Settle();
        Assert.Equal(NodeStatus.Types.State.Ready, State);
        Assert.Equal("10.0.0.1", _state.Nodes[N1].Address);
    }

    private SessionNumber Open() => _core.Open(
        N1,
        new Hello { NodeAddress = "10.0.0.1", Description = new NodeDescription { Hostname = "n1" } },
        ["10.0.0.1:2377"],
        _now);

    private void Pass(TimeSpan time)
    {
        _now += time;
        _core.Tick(_now);
        Settle();
    }

    private void Settle()
    {
        while (_core.TakeActions() is { Count: > 0 } actions)
        {
            Apply([.. actions]);
        }
    }

    private void Apply(params StoreAction[] actions)
    {
        var result = _state.Apply(new StoreEntry(_now, [.. actions]), _state.LastIndex + 1);
        _state = result.State;
        _core?.OnState(result.State, result.Changes, _now);
    }
}
