using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Core;

/// <summary>Names one session stream; never used again by this leader.</summary>
internal readonly record struct SessionNumber(long Value);

/// <summary>What the leader knows of one open session: what it was sent and what it has acknowledged.</summary>
internal sealed class NodeSession(SessionNumber number, NodeId node)
{
    internal SessionNumber Number { get; } = number;

    internal NodeId Node { get; } = node;

    /// <summary>Where other nodes reach it, as its hello said.</summary>
    internal string Address { get; init; } = "";

    /// <summary>Desired state last sent of each task.</summary>
    internal Dictionary<TaskId, TaskState> Sent { get; } = [];

    /// <summary>The complete assignment went out.</summary>
    internal bool HasComplete { get; set; }

    /// <summary>Secrets and configs that it was sent.</summary>
    internal PayloadUse Payloads { get; set; } = new();

    internal ulong MeshSent { get; set; }

    internal ulong MeshApplied { get; set; }

    internal ulong PeersSent { get; set; }

    /// <summary>Containers that were there when the session began.</summary>
    internal IReadOnlyList<FoundTask> Found { get; init; } = [];
}

/// <summary>A message to a session, or its end.</summary>
/// <param name="Session">To whom.</param>
/// <param name="Message">Null closes the session with <paramref name="CloseReason"/>.</param>
/// <param name="CloseReason">Why it is closed; empty otherwise.</param>
/// <param name="ForGood">The node has nothing to look for here any more.</param>
internal readonly record struct SessionOutput(
    SessionNumber Session, SessionResponse? Message, string CloseReason = "", bool ForGood = false);
