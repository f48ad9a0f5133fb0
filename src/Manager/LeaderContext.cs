using Swarm.Manager.Control;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>What a command on the leader works with.</summary>
internal sealed class LeaderContext(
    ClusterStore store, RaftNode raft, LeaderSession session, Func<IReadOnlyList<ManagerMember>> managers,
    AskedCommand? request = null)
{
    /// <summary>
    /// As long as elections take at most; a person is told within two seconds that there is no quorum.
    /// </summary>
    internal static readonly TimeSpan ReadTimeout = TimeSpan.FromMilliseconds(1_500);

    /// <summary>Puts the commands of this request into the log, each once.</summary>
    internal Proposer Proposer { get; } = session.Proposer.For(request);

    internal LeaderSession Session => session;

    internal ClusterStore Store => store;

    internal IReadOnlyList<ManagerMember> Managers() => managers();

    /// <summary>
    /// A state in which a change is allowed. What is known here is enough to say yes: the log decides anyway, by the
    /// version that the change was made for. To say no, the state must be fresh.
    /// </summary>
    internal async Task<ClusterState> AllowingStateAsync(Action<ClusterState> check, CancellationToken ct)
    {
        try
        {
            var known = store.Current;
            check(known);
            return known;
        }
        catch (RpcException)
        {
            var fresh = await FreshStateAsync(ct).ConfigureAwait(false);
            check(fresh);
            return fresh;
        }
    }

    /// <summary>
    /// A state that holds everything that was acknowledged before this call: the leadership is confirmed by a round
    /// after the call (ReadIndex), so a deposed leader never answers from the past.
    /// </summary>
    internal Task<ClusterState> FreshStateAsync(CancellationToken ct) =>
        FreshReads.StateAsync(raft, store, session.Leading, ct);
}
