namespace Swarm.Security;

/// <summary>Some wrong attempts are let through at once; after them one at a time, with a pause before each.</summary>
public sealed class AttemptLimit(TimeProvider clock)
{
    /// <summary>Wrong attempts without a pause.</summary>
    public const int MaxBurst = 5;

    /// <summary>Pause before each further one.</summary>
    public const int PauseSeconds = 10;

    private readonly Lock _gate = new();
    private int _failures;
    private long _last;

    /// <summary>Time until the next attempt is looked at; zero = now.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (_gate)
            {
                var wait = TimeSpan.FromSeconds(PauseSeconds) - clock.GetElapsedTime(_last);
                return _failures >= MaxBurst && wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The attempt was wrong.</summary>
    public void Failed()
    {
        lock (_gate)
        {
            _failures = Math.Min(_failures + 1, MaxBurst);
            _last = clock.GetTimestamp();
        }
    }
}
