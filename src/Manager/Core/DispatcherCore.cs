using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// The leader's side of all node sessions as a value machine: what happened goes in with the time, messages for
/// sessions and actions for the log come out. It keeps no clock and does no I/O; the shell pumps streams.
/// </summary>
internal sealed class DispatcherCore
{
    private readonly SessionBook _sessions = new();
    private readonly MeshModel _mesh = new();
    private readonly PeerModel _peers;
    private readonly WithdrawGate _gate = new();
    private readonly NodeWatch _watch;
    private readonly List<SessionOutput> _output = [];
    private readonly List<StoreAction> _actions = [];
    private ClusterState _state;
    private long _lastSession;

    /// <summary>A new leader: every node that was not down is given time to come to it.</summary>
    internal DispatcherCore(ClusterState state, DateTimeOffset now)
    {
        (_state, _watch, _peers) = (state, new NodeWatch(state, now), new PeerModel(state));
        _mesh.Update(state, state.Services.Select(s => s.Key));
    }

    /// <summary>Open sessions.</summary>
    internal int SessionCount => _sessions.Count;

    /// <summary>The period that nodes are told, by the number of nodes.</summary>
    internal TimeSpan HeartbeatPeriod => NodeWatch.PeriodFor(_state);

    /// <summary>Messages since the last call, in order.</summary>
    internal IReadOnlyList<SessionOutput> TakeOutput() => Take(_output);

    /// <summary>Actions for the log since the last call.</summary>
    internal IReadOnlyList<StoreAction> TakeActions() => Take(_actions);

    /// <summary>A node came; an older session of the same node ends.</summary>
    internal SessionNumber Open(NodeId node, Hello hello, IReadOnlyList<string> managers, DateTimeOffset now)
    {
        if (_sessions.Of(node) is { } older)
        {
            Close(older.Number, "a newer session of this node was opened");
        }

        var number = new SessionNumber(++_lastSession);
        var session = new NodeSession(number, node) { Found = hello.Found, Address = hello.NodeAddress };
        _sessions.Add(session);
        _watch.Seen(node, now);
        _actions.AddRange(Greeting.Differences(_state, node, hello));
        Send(session, Greeting.Welcome(_state, node, managers, HeartbeatPeriod));
        SendAll(session);
        return session.Number;
    }

    /// <summary>What each open session found when it began.</summary>
    internal IReadOnlyDictionary<NodeId, IReadOnlyList<FoundTask>> Found() =>
        _sessions.All.ToDictionary(s => s.Node, s => s.Found);

    /// <summary>The stream ended; the node keeps its tasks for the grace period.</summary>
    internal void Closed(SessionNumber number, DateTimeOffset now)
    {
        if (_sessions.Remove(number, out var session))
        {
            _watch.Lost(session.Node, now);
            ReleaseWithdrawn(now);
        }
    }

    /// <summary>A node lives.</summary>
    internal void Heartbeat(SessionNumber number, DateTimeOffset now)
    {
        if (Heard(number, now) is { } session)
        {
            Send(session, Announcements.Period(HeartbeatPeriod));
        }
    }

    /// <summary>A node's kernel forwards by a version now.</summary>
    internal void MeshApplied(SessionNumber number, ulong version, DateTimeOffset now)
    {
        if (Heard(number, now) is { } session && version <= session.MeshSent)
        {
            session.MeshApplied = Math.Max(session.MeshApplied, version);
            ReleaseWithdrawn(now);
        }
    }

    /// <summary>Reports that the log may take: of this node's own tasks, none going back (attacks.md AUTH-5).</summary>
    internal IReadOnlyList<StoreAction> Reports(SessionNumber number, StatusBatch batch, DateTimeOffset now) =>
        Heard(number, now) is { } session ? ReportFilter.Of(_state, session.Node, batch) : [];

    /// <summary>A batch is in the log.</summary>
    internal void BatchAccepted(SessionNumber number, ulong sequence)
    {
        if (_sessions.Get(number) is { } session)
        {
            Send(session, new SessionResponse { StatusAccepted = new StatusAccepted { Sequence = sequence } });
        }
    }

    /// <summary>The log moved the state on.</summary>
    internal void OnState(ClusterState state, Changes changes, DateTimeOffset now)
    {
        var (observed, peers) = (Observing, _peers.Version);
        _state = state;
        _peers.Update(state, changes);
        UpdateMesh(changes, now);
        if (observed && !Observing)
        {
            foreach (var session in _sessions.All)
            {
                SendAll(session);
            }
        }

        foreach (var group in changes.Tasks.GroupBy(t => (t.After ?? t.Before)!.NodeId))
        {
            if (_sessions.Of(group.Key) is { } session)
            {
                SendAssignments(session, group.Select(t => (t.After ?? t.Before)!.Id));
            }
        }

        if (changes.Nodes.Length > 0)
        {
            OnNodes(changes, now);
        }

        if (_peers.Version != peers)
        {
            _sessions.All.ToList().ForEach(s => SendPeers(s, complete: false));
        }

        ReleaseWithdrawn(now);
    }

    /// <summary>Time passed: nodes that were silent too long are down; held stops whose bound passed go out.</summary>
    internal void Tick(DateTimeOffset now)
    {
        foreach (var node in _watch.Overdue(_state, now))
        {
            // Only a new hello makes it ready again: heartbeats that come late would go on in this session for ever.
            if (_sessions.Of(node) is { } silent)
            {
                Close(silent.Number, "this node was silent for longer than the grace period");
            }

            _actions.AddRange(Greeting.Overdue(_state, node));
        }

        ReleaseWithdrawn(now);
    }

    /// <summary>To every node.</summary>
    internal void SendToAll(SessionResponse message) => _sessions.All.ToList().ForEach(s => Send(s, message));

    /// <summary>Sends one message to a node's session; false when it has none.</summary>
    internal bool SendTo(NodeId node, SessionResponse message)
    {
        if (_sessions.Of(node) is not { } session)
        {
            return false;
        }

        Send(session, message);
        return true;
    }

    private void UpdateMesh(Changes changes, DateTimeOffset now)
    {
        var services = changes.Services.Select(s => (s.After ?? s.Before)!.Id)
            .Concat(changes.Tasks.Select(t => (t.After ?? t.Before)!.ServiceId))
            .Distinct().Order();
        var version = _mesh.Version;
        foreach (var task in _mesh.Update(_state, services))
        {
            _gate.Withdraw(task, _mesh.Version, now);
        }

        if (_mesh.Version != version)
        {
            foreach (var session in _sessions.All)
            {
                SendMesh(session);
            }
        }
    }

    private void OnNodes(Changes changes, DateTimeOffset now)
    {
        foreach (var node in changes.Nodes.Where(n => n.After is null).Select(n => n.Before!.Id))
        {
            _watch.Forget(node);
            if (_sessions.Of(node) is { } gone)
            {
                Close(gone.Number, "this node was removed from the swarm", forGood: true);
                ReleaseWithdrawn(now);
            }
        }

        // The word that a node is down may reach the log after the node is here again.
        _actions.AddRange(
            changes.Nodes.SelectMany(n => Greeting.Ready(_state, _sessions.Of((n.After ?? n.Before)!.Id))));

        foreach (var (node, message) in Announcements.Roles(changes))
        {
            SendTo(node, message);
        }
    }

    /// <summary>A restored swarm: nodes are watched, and told nothing that changes anything on them.</summary>
    private bool Observing => _state.Cluster is { Observe: true };

    private void SendAll(NodeSession session)
    {
        SendPeers(session, complete: true);
        SendMesh(session);
        Send(session, AssignmentMessages.All(_state, session, _gate, Observing));
    }

    private void SendAssignments(NodeSession session, IEnumerable<TaskId> tasks)
    {
        if (!Observing)
        {
            Send(session, AssignmentMessages.Of(_state, session, _gate, [.. tasks]));
        }
    }

    private void SendMesh(NodeSession session)
    {
        if (!Observing && _mesh.Since(session.MeshSent) is { } update)
        {
            session.MeshSent = update.Version;
            Send(session, new SessionResponse { Mesh = update });
        }
    }

    private void SendPeers(NodeSession session, bool complete)
    {
        if (!Observing && _peers.Since(session.PeersSent, session.Node, complete) is { } update)
        {
            session.PeersSent = _peers.Version;
            Send(session, new SessionResponse { Peers = update });
        }
    }

    private void ReleaseWithdrawn(DateTimeOffset now)
    {
        if (_gate.Count == 0)
        {
            return;
        }

        var appliedByAll = _sessions.Count == 0 ? ulong.MaxValue : _sessions.All.Min(s => s.MeshApplied);
        foreach (var task in _gate.Release(appliedByAll, now))
        {
            if (_state.Tasks.Get(task) is { } record && _sessions.Of(record.NodeId) is { } session)
            {
                SendAssignments(session, [task]);
            }
        }
    }

    private NodeSession? Heard(SessionNumber number, DateTimeOffset now)
    {
        var session = _sessions.Get(number);
        if (session is not null)
        {
            _watch.Seen(session.Node, now);
        }

        return session;
    }

    private void Close(SessionNumber number, string reason, bool forGood = false)
    {
        _output.Add(new SessionOutput(number, null, reason, forGood));
        _sessions.Remove(number, out _);
    }

    private void Send(NodeSession session, SessionResponse message) =>
        _output.Add(new SessionOutput(session.Number, message));

    private void Send(NodeSession session, IEnumerable<SessionResponse> messages) =>
        _output.AddRange(messages.Select(m => new SessionOutput(session.Number, m)));

    private static T[] Take<T>(List<T> list)
    {
        T[] taken = [.. list];
        list.Clear();
        return taken;
    }
}
