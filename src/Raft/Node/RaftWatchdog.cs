namespace Swarm.Raft;

/// <summary>
/// A thread that looks whether another one gets on with its work (R26, R28); <see cref="StallJudge"/> decides.
/// </summary>
internal sealed class RaftWatchdog : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly StallJudge _judge;
    private readonly Func<long> _steps;
    private readonly Action<bool> _stalled;

    /// <param name="options">Name, clock and patience.</param>
    /// <param name="steps">A number that grows with all work, also with idling.</param>
    /// <param name="stalled">Told true once when it stands still for too long, and false when it grows again.</param>
    public RaftWatchdog(RaftNodeOptions options, Func<long> steps, Action<bool> stalled)
    {
        (_time, _judge, _steps, _stalled) = (options.TimeProvider, new(options.StallTimeoutMs), steps, stalled);
        _thread = new Thread(Run) { Name = $"raft watch {options.Id}", IsBackground = true };
    }

    public void Start() => _thread.Start();

    public void Dispose()
    {
        _stop.Set();
        if (_thread.ThreadState != ThreadState.Unstarted)
            _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        var last = _time.GetTimestamp();
        while (!_stop.Wait(StallJudge.PeriodMs))
        {
            var passedMs = (long)_time.GetElapsedTime(last).TotalMilliseconds;
            last = _time.GetTimestamp();
            if (_judge.Look(_steps(), passedMs) is { } stalled)
                _stalled(stalled);
        }
    }
}
