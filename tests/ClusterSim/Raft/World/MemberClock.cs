namespace Swarm.ClusterSim.Raft;

/// <summary>
/// The clocks of one machine: a monotonic one that may run a little fast or slow, and a wall clock that also jumps.
/// </summary>
internal sealed class MemberClock(Timeline timeline) : TimeProvider
{
    private const long PerMillion = 1_000_000;
    private const long StartUnixMs = 1_767_225_600_000;
    private long _baseUs;
    private long _baseLocalUs;
    private long _ratePpm = PerMillion;

    /// <summary>How far the wall clock is off.</summary>
    public long JumpUs { get; set; }

    public override long TimestampFrequency => Timeline.UsPerSecond;

    public override long GetTimestamp() => _baseLocalUs + ((timeline.NowUs - _baseUs) * _ratePpm / PerMillion);

    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset.FromUnixTimeMilliseconds(StartUnixMs).AddTicks((GetTimestamp() + JumpUs) * 10);

    /// <summary>Local microseconds for each million of real ones.</summary>
    public void Drift(long ratePpm)
    {
        _baseLocalUs = GetTimestamp();
        _baseUs = timeline.NowUs;
        _ratePpm = ratePpm;
    }

    /// <summary>Real time until the local clock has gone so far.</summary>
    public long RealUs(long localUs) => (localUs * PerMillion / _ratePpm) + 1;
}
