using System.Diagnostics.CodeAnalysis;
using Swarm.Model;

namespace Swarm.Manager.Core;

/// <summary>The open sessions: one for each node at most.</summary>
internal sealed class SessionBook
{
    private readonly Dictionary<SessionNumber, NodeSession> _sessions = [];
    private readonly Dictionary<NodeId, SessionNumber> _byNode = [];

    internal int Count => _sessions.Count;

    internal IReadOnlyCollection<NodeSession> All => _sessions.Values;

    internal NodeSession? Get(SessionNumber number) => _sessions.GetValueOrDefault(number);

    internal NodeSession? Of(NodeId node) =>
        _byNode.TryGetValue(node, out var number) ? _sessions[number] : null;

    /// <summary>The node must have none.</summary>
    internal void Add(NodeSession session)
    {
        _byNode.Add(session.Node, session.Number);
        _sessions.Add(session.Number, session);
    }

    internal bool Remove(SessionNumber number, [NotNullWhen(true)] out NodeSession? session)
    {
        if (_sessions.Remove(number, out session))
        {
            _byNode.Remove(session.Node);
        }

        return session is not null;
    }
}
