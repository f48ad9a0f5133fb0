using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// A state that holds everything that was acknowledged before the call: the leadership is confirmed by a round after it
/// (ReadIndex), so a deposed leader never answers from the past.
/// </summary>
internal static class FreshReads
{
    /// <exception cref="RpcException">No quorum of managers confirmed it in time (UNAVAILABLE), or too many ask
    /// (RESOURCE_EXHAUSTED).</exception>
    internal static async Task<ClusterState> StateAsync(
        RaftNode raft, ClusterStore store, CancellationToken leading, CancellationToken ct)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, leading);
        bounded.CancelAfter(LeaderContext.ReadTimeout);
        try
        {
            await raft.ReadIndexAsync(bounded.Token).ConfigureAwait(false);
            return store.Current;
        }
        catch (Exception e) when (RaftErrors.OfRead(e) is { } refusal && !ct.IsCancellationRequested)
        {
            throw refusal;
        }
    }
}
