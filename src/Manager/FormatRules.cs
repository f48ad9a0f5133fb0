using Swarm.Model;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>Nothing goes into the log that one of the managers cannot read.</summary>
internal static class FormatRules
{
    /// <summary>The entry as all managers can read it; a command loses its id where ids are not known yet, a plan the
    /// state that it was made on.</summary>
    /// <exception cref="RpcException">It needs a newer format than some manager knows.</exception>
    internal static StoreEntry Fit(StoreEntry entry, ClusterState state)
    {
        var wanted = StoreFormat.NeededBy(entry);
        if (state.Cluster is not null && wanted <= state.Format)
        {
            return entry;
        }

        // The first entry is read by the one manager that writes it, and the format is raised in its own entry.
        var raised = entry.Actions.OfType<StoreAction.SetCluster>().Select(a => a.Cluster.FormatVersion);
        var known = state.Cluster is null ? StoreFormat.Newest : raised.Append(state.Format).Max();
        if (wanted <= known)
        {
            return entry;
        }

        var plain = entry with { Request = null, PlannedOn = 0 };
        var needed = StoreFormat.NeededBy(plain);
        return needed <= known
            ? plain
            : throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"this needs log format {needed}, and some manager reads only up to {known}; upgrade the managers "
                + "that `swarmctl node ls` shows with an older version, then try again");
    }

    /// <summary>The newest format that every manager reads: each tells its own in its description.</summary>
    /// <param name="managers">All members of Raft, learners included.</param>
    internal static uint Common(ClusterState state, IEnumerable<NodeId> managers) => managers
        .Select(m => Math.Max(StoreFormat.First, state.Nodes.Get(m)?.Description?.StoreFormat ?? 0))
        .Append(StoreFormat.Newest)
        .Min();
}
