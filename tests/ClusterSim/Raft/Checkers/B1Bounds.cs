using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>B1: what waits is bounded: entries without a quorum, and bytes of a message.</summary>
internal sealed class B1Bounds(int maxUncommittedEntries)
{
    /// <summary>A leader's own empty entry and a membership change come on top.</summary>
    private const int Slack = 8;

    public void OnTurn(RaftId member, RaftCore core)
    {
        var open = core.LastIndex - core.CommitIndex;
        if (core.Role == RaftRole.Leader && open > (ulong)(maxUncommittedEntries + Slack))
            throw new ViolationException("B1", $"{open} entries of leader {member} wait for a quorum");
    }

    public static void OnSend(RaftMessage message, int bytes)
    {
        if (bytes > RaftLimits.MaxMessageBytes)
            throw new ViolationException("B1", $"a message to {message.Envelope.To} has {bytes} bytes");
    }
}
