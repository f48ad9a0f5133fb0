using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>On the leader: changes Raft's members, one step after the other.</summary>
internal sealed class MembershipChanges(RaftNode raft, TimeProvider clock)
{
    /// <summary>For a change that has to wait for another one, or for the first entry of a term.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Returns when the change is committed.</summary>
    /// <exception cref="RpcException">It does not fit (FAILED_PRECONDITION), was not done (UNAVAILABLE), or its outcome
    /// is unknown (DEADLINE_EXCEEDED).</exception>
    internal async Task ApplyAsync(ConfChange change, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var began = clock.GetTimestamp();
            while (true)
            {
                var result = await raft.ChangeMembershipAsync(change, ct).ConfigureAwait(false);
                if (result.Outcome == ProposeOutcome.Done)
                {
                    return;
                }

                if (result.Reason != NotDoneReason.ChangePending || clock.GetElapsedTime(began) > Patience)
                {
                    throw Refused(result);
                }

                await Task.Delay(Pause, clock, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private static RpcException Refused(ProposeResult result) => result switch
    {
        { Outcome: ProposeOutcome.Unknown } => Errors.UnknownOutcome(),
        { Reason: NotDoneReason.ChangeRefused } => new RpcException(RpcStatusCode.FailedPrecondition, result.Message),
        { Reason: NotDoneReason.NotLeader } => Errors.LostLeadership(),
        _ => new RpcException(RpcStatusCode.Unavailable, $"the managers were not changed: {result.Message}"),
    };
}
