namespace Swarm.Rpc.Client;

/// <summary>The deadline of one call.</summary>
internal sealed class CallClock : IDisposable
{
    private readonly CancellationTokenSource? _timer;
    private readonly TimeSpan _given;
    private readonly long _startedAt = System.Diagnostics.Stopwatch.GetTimestamp();

    public CallClock(TimeSpan? deadline)
    {
        if (deadline is not { } given || given > Wire.TimeoutHeader.Longest)
        {
            return;
        }
        _given = given > TimeSpan.Zero ? given : TimeSpan.Zero;
        _timer = new CancellationTokenSource();
        if (_given == TimeSpan.Zero)
        {
            _timer.Cancel();
        }
        else
        {
            _timer.CancelAfter(_given);
        }
    }

    public CancellationToken Reached => _timer?.Token ?? default;

    /// <summary>What is left to tell the server; null without deadline.</summary>
    public TimeSpan? Left => _timer is null ? null : _given;

    public bool HasPassed => _timer is not null
        && (_timer.IsCancellationRequested || System.Diagnostics.Stopwatch.GetElapsedTime(_startedAt) >= _given);

    public RpcException Missed(string target, Exception cause) => new(
        RpcStatusCode.DeadlineExceeded, $"no answer from {target} within {_given.TotalSeconds:0.###} s", null, cause);

    public void Dispose() => _timer?.Dispose();
}
