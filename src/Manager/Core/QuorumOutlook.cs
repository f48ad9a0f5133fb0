using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>What remains of the managers when one goes.</summary>
/// <param name="Remaining">Managers with a vote.</param>
/// <param name="Reachable">How many of them are heard.</param>
/// <param name="Missing">Names of those that are not.</param>
internal sealed record QuorumOutlook(int Remaining, int Reachable, IReadOnlyList<string> Missing)
{
    /// <summary>Votes that are needed for any change.</summary>
    internal int Needed => (Remaining / 2) + 1;

    /// <summary>The swarm can be changed afterwards.</summary>
    internal bool Holds => Remaining > 0 && Reachable >= Needed;

    /// <summary>Those whose demotion was asked for already do not count: they go as well.</summary>
    internal static QuorumOutlook Without(ClusterState state, IReadOnlyList<RaftPeer> members, NodeId leaving)
    {
        var rest = members.Where(m => m.Voter && m.Node != leaving && IsToStay(state, m.Node)).ToList();
        return new QuorumOutlook(
            rest.Count,
            rest.Count(m => m.Reachable),
            [.. rest.Where(m => !m.Reachable).Select(m => state.Nodes.Get(m.Node)?.Hostname ?? m.Node.Value).Order()]);
    }

    /// <summary>Why the manager cannot go, and what to do about it; empty when it can.</summary>
    /// <param name="doing">"demote n2"</param>
    internal string Refusal(string doing)
    {
        if (Remaining == 0)
        {
            return $"attempting to {doing}, the last manager of the swarm: promote another node first, and wait until "
                + "`swarmctl node ls` shows it as Reachable";
        }

        if (Holds)
        {
            return "";
        }

        var would = Remaining == 1 ? "1 manager would remain" : $"{Remaining} managers would remain";
        return $"can't {doing}: this would result in a loss of quorum: {would}, {Reachable} of them reachable, "
            + $"{Needed} needed. Start {string.Join(", ", Missing)} again, or demote what is lost for ever first";
    }

    private static bool IsToStay(ClusterState state, NodeId node) =>
        state.Nodes.Get(node) is { DesiredRole: NodeRole.Manager };
}
