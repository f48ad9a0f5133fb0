using Swarm.Raft;

namespace Swarm.Manager.Metrics;

/// <summary>What this manager counts as it works; read by whoever scrapes. Nothing here has a bound to reach: the
/// numbers of series are fixed.</summary>
internal sealed class ManagerCounters
{
    private readonly long[] _proposals = new long[Enum.GetValues<ProposeOutcome>().Length];
    private long _applied;
    private long _repeated;
    private long _planned;
    private long _plans;
    private long _leaderChanges;
    private long _statusDropped;

    /// <summary>From decoding an entry to the new state.</summary>
    internal Histogram ApplySeconds { get; } = new(Histogram.ShortSeconds);

    /// <summary>From proposal to the outcome.</summary>
    internal Histogram ProposeSeconds { get; } = new(Histogram.ShortSeconds);

    /// <summary>Computing one plan.</summary>
    internal Histogram PlanSeconds { get; } = new(Histogram.ShortSeconds);

    internal long AppliedActions => Volatile.Read(ref _applied);

    internal long RepeatedRequests => Volatile.Read(ref _repeated);

    internal long PlannedActions => Volatile.Read(ref _planned);

    internal long Plans => Volatile.Read(ref _plans);

    internal long LeaderChanges => Volatile.Read(ref _leaderChanges);

    internal long StatusDropped => Volatile.Read(ref _statusDropped);

    internal long Proposals(ProposeOutcome outcome) => Volatile.Read(ref _proposals[(int)outcome]);

    internal void Applied(TimeSpan time, int actions, bool repeated)
    {
        ApplySeconds.Observe(time.TotalSeconds);
        Interlocked.Add(ref _applied, actions);
        Interlocked.Add(ref _repeated, repeated ? 1 : 0);
    }

    internal void Proposed(TimeSpan time, ProposeOutcome outcome)
    {
        ProposeSeconds.Observe(time.TotalSeconds);
        Interlocked.Increment(ref _proposals[(int)outcome]);
    }

    internal void Planned(TimeSpan time, int actions)
    {
        PlanSeconds.Observe(time.TotalSeconds);
        Interlocked.Increment(ref _plans);
        Interlocked.Add(ref _planned, actions);
    }

    internal void LeaderChanged() => Interlocked.Increment(ref _leaderChanges);

    internal void DroppedStatus(int reports) => Interlocked.Add(ref _statusDropped, reports);
}
