using Swarm.Raft;

namespace Swarm.Manager;

/// <summary>Gives the leadership away, before this manager stops or is demoted.</summary>
internal sealed class HandOver(RaftNode raft, ManagerLog log)
{
    private int _underWay;

    /// <summary>
    /// Proposals are refused meanwhile, and certainly not done: whoever made one tries again and finds the next leader.
    /// </summary>
    internal bool IsUnderWay => Volatile.Read(ref _underWay) > 0;

    /// <summary>True when another manager leads now, or this one did not lead.</summary>
    /// <param name="to">Null = the one that lags least.</param>
    /// <param name="atMost">After this time this manager leads on.</param>
    /// <param name="ct">Gives up waiting at once.</param>
    internal async Task<bool> TryAsync(RaftId? to, TimeSpan atMost, CancellationToken ct)
    {
        var status = raft.Status;
        if (status.Role != RaftRole.Leader)
        {
            return true;
        }

        if (status.Members.Count(m => !m.Learner) < 2)
        {
            return false;
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(atMost);
        Interlocked.Increment(ref _underWay);
        try
        {
            await raft.TransferLeadershipAsync(to, bounded.Token).ConfigureAwait(false);
            log.Note("leadership was handed over");
            return true;
        }
        catch (NotLeaderException)
        {
            return true;
        }
        catch (TransferFailedException e)
        {
            log.Note($"leadership could not be handed over: {e.Message}");
            return false;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            log.Note($"leadership could not be handed over within {atMost.TotalSeconds:0.#} s");
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
