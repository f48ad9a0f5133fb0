namespace Swarm.Raft;

/// <summary>
/// A thread that looks whether another one gets on with its work (R26, R28). Time in which this thread itself did not
/// run (a stopped process, a starved machine) accuses nobody.
/// </summary>
internal sealed class RaftWatchdog : IDisposable
{
    private const int PeriodMs = 100;

    /// <summary>A look that comes later than this many periods says that the whole process was held up.</summary>
    private const int LatePeriods = 3;

    private readonly TimeProvider _time;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly int _stallMs;
    private readonly Func<long> _steps;
    private readonly Action<bool> _stalled;

    /// <param name="options">Name, clock and patience.</param>
    /// <param name="steps">A number that grows with all work, also with idling.</param>
    /// <param name="stalled">Told true once when it stands still for too long, and false when it grows again.</param>
    public RaftWatchdog(RaftNodeOptions options, Func<long> steps, Action<bool> stalled)
    {
        (_time, _stallMs, _steps, _stalled) = (options.TimeProvider, options.StallTimeoutMs, steps, stalled);
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
        var (seen, stillMs, isStalled) = (-1L, 0L, false);
        var last = _time.GetTimestamp();
        while (!_stop.Wait(PeriodMs))
        {
            var passedMs = (long)_time.GetElapsedTime(last).TotalMilliseconds;
            last = _time.GetTimestamp();
            var steps = _steps();
            if (steps != seen)
            {
                (seen, stillMs) = (steps, 0);
                if (isStalled)
                    _stalled(isStalled = false);
                continue;
            }
            stillMs += Math.Min(passedMs, PeriodMs * LatePeriods);
            if (!isStalled && stillMs >= _stallMs)
                _stalled(isStalled = true);
        }
    }
}
