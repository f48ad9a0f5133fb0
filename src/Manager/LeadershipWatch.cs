using Swarm.Manager.Metrics;
using Swarm.Raft;

namespace Swarm.Manager;

/// <summary>
/// Follows Raft's word on who leads: opens the leader session when this manager has applied everything of its new
/// term, disposes it when the leadership is gone. One transition at a time.
/// </summary>
internal sealed class LeadershipWatch : IAsyncDisposable
{
    private readonly RaftNode _raft;
    private readonly ManagerLog _log;
    private readonly Func<Action<Exception>, LeaderSession> _open;
    private readonly Wakeup _wake = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;
    private readonly ManagerCounters _counters;
    private RaftId? _leader;
    private volatile LeaderSession? _session;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal LeadershipWatch(
        RaftNode raft, ManagerLog log, ManagerCounters counters, Func<Action<Exception>, LeaderSession> open)
    {
        _counters = counters;
        _raft = raft;
        _log = log;
        _open = open;
        _raft.StatusChanged += OnStatus;
        _run = Vital.Run(RunAsync, Break, _stop.Token);
    }

    internal LeaderSession? Session => _session;

    /// <summary>Completes when the storage failed, or a part of the leader broke.</summary>
    internal Task<Exception> Broken => _broken.Task;

    /// <summary>A part of this manager broke: the daemon must end.</summary>
    internal void Break(Exception reason) => _broken.TrySetResult(reason);

    /// <summary>Waits for the next change of leadership, or for the given time.</summary>
    internal async Task ChangedAsync(TimeSpan atMost, CancellationToken ct)
    {
        var changed = _changed.Task;
        await Task.WhenAny(changed, Task.Delay(atMost, ct)).ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        _raft.StatusChanged -= OnStatus;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private void OnStatus(RaftStatus status) => _wake.Set();

    private async Task RunAsync()
    {
        _ = WatchFailureAsync();
        while (!_stop.IsCancellationRequested)
        {
            await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
            var status = _raft.Status;
            CountLeader(status.LeaderId);
            if (status.LeaderReady && _session is null)
            {
                _log.Leading(status.Term);
                _session = _open(Break);
            }
            else if (!status.LeaderReady && _session is not null)
            {
                await CloseAsync().ConfigureAwait(false);
            }

            Interlocked.Exchange(
                ref _changed,
                    new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    private void CountLeader(RaftId? leader)
    {
        if (leader is not null && leader != _leader)
        {
            _leader = leader;
            _counters.LeaderChanged();
        }
    }

    private async Task WatchFailureAsync()
    {
        try
        {
            // The task does not fail: its result is the reason.
            _broken.TrySetResult(await _raft.Failed.WaitAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session)
        {
            _log.StoppedLeading();
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }
}
