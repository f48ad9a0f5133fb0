using Swarm.Manager.Control;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>What a command on the leader works with.</summary>
internal sealed class LeaderContext(
    ClusterStore store, RaftNode raft, LeaderSession session, Func<IReadOnlyList<ManagerMember>> managers)
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    internal Proposer Proposer => session.Proposer;

    internal LeaderSession Session => session;

    internal ClusterStore Store => store;

    internal IReadOnlyList<ManagerMember> Managers() => managers();

    /// <summary>
    /// A state that holds everything that was acknowledged before this call: the leadership is confirmed by a round
    /// after the call (ReadIndex), so a deposed leader never answers from the past.
    /// </summary>
    internal async Task<ClusterState> FreshStateAsync(CancellationToken ct)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, session.Leading);
        bounded.CancelAfter(ReadTimeout);
        try
        {
            await raft.ReadIndexAsync(bounded.Token).ConfigureAwait(false);
            return store.Current;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Errors.NoLeader();
        }
        catch (NotLeaderException)
        {
            throw Errors.NoLeader();
        }
    }
}
