using Swarm.Manager;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Node;

/// <summary>A manager leaves the swarm: what it is told before, and how the others let it go.</summary>
internal static class Leaving
{
    private const string Participating =
        "You are attempting to leave the swarm on a node that is participating as a manager. ";

    private const string Suppress = "Use `--force` to suppress this message.";

    private const string Consensus = "The only way to restore a swarm that has lost consensus is to reinitialize it "
        + "with `--force-new-cluster`. ";

    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(1);

    /// <summary>Out of the list of managers, if there are others; returns what was left undone.</summary>
    /// <exception cref="RpcException">Not forced; says what leaving would do.</exception>
    internal static async Task<IReadOnlyList<string>> LeaveManagersAsync(
        ManagerNode manager, bool force, CancellationToken ct)
    {
        var raft = await manager.DescribeAsync(Answer, ct).ConfigureAwait(false);
        if (!force)
        {
            throw new RpcException(RpcStatusCode.FailedPrecondition, Warning(raft));
        }

        if (IsLast(raft))
        {
            return [];
        }

        try
        {
            await manager.LeaveAsync(ct).ConfigureAwait(false);
            return [];
        }
        catch (RpcException e)
        {
            return
            [
                $"the other managers did not take this one out of their list: {e.Message}. "
                + "Run `swarmctl node demote` and `swarmctl node rm` for this node there",
            ];
        }
    }

    /// <summary>What leaving would do to the swarm.</summary>
    internal static string Warning(RaftInfo raft)
    {
        var (voters, self) = (Voters(raft), raft.RaftId);
        if (IsLast(raft))
        {
            return Participating + "Removing the last manager erases all current state of the swarm. Use `--force` to "
                + "ignore this message.";
        }

        if (!raft.MembersKnown)
        {
            return Participating + "The swarm has no leader: doing so may lose its consensus. " + Consensus + Suppress;
        }

        var rest = raft.Members.Where(m => !m.Learner && m.RaftId != self).ToList();
        var (reachable, needed) = (rest.Count(m => m.Reachable), (rest.Count / 2) + 1);
        return reachable >= needed
            ? Participating + $"{rest.Count} of {voters} managers will remain, {reachable} of them reachable and "
                + $"{needed} needed: the swarm goes on. " + Suppress
            : Participating + $"Removing this node leaves {reachable} reachable managers out of {rest.Count}, {needed} "
                + "are needed. Without a Raft quorum your swarm will be inaccessible. " + Consensus + Suppress;
    }

    /// <summary>With it the swarm ends. One that has no log yet knows nobody and is not the last.</summary>
    private static bool IsLast(RaftInfo raft) =>
        Voters(raft) == 1 && raft.Members.Any(m => m.RaftId == raft.RaftId && !m.Learner);

    private static int Voters(RaftInfo raft) => raft.Members.Count(m => !m.Learner);
}
