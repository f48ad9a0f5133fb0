namespace Swarm.Raft;

/// <summary>
/// What the watchdog decides (R26, R28): from how far the work of another thread is, and how much time has passed, to
/// whether it hangs. Time that came late says that the looker itself did not run, and accuses nobody.
/// </summary>
internal sealed class StallJudge(int stallMs)
{
    /// <summary>Time between two looks.</summary>
    public const int PeriodMs = 100;

    /// <summary>A look that comes later than this many periods says that the whole process was held up.</summary>
    private const int LatePeriods = 3;

    private long _seen = -1;
    private long _stillMs;
    private bool _hangs;

    /// <summary>True when it hangs from now on, false when it goes on again, null when nothing has changed.</summary>
    /// <param name="steps">A number that grows with all work, also with idling.</param>
    /// <param name="passedMs">Since the last look.</param>
    public bool? Look(long steps, long passedMs)
    {
        if (steps != _seen)
        {
            (_seen, _stillMs) = (steps, 0);
            return _hangs ? _hangs = false : null;
        }
        _stillMs += Math.Min(passedMs, PeriodMs * LatePeriods);
        return !_hangs && _stillMs >= stallMs ? _hangs = true : null;
    }
}
