using Swarm.Model;

namespace Swarm.Worker.Core;

/// <summary>
/// When the next heartbeat is due. The leader tells the period with every answer and may shorten it at any time: who
/// slept through the old, longer one would be taken for dead.
/// </summary>
internal sealed class HeartbeatPace
{
    /// <summary>How often the period is looked at again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private long _periodTicks = SpecDefaults.HeartbeatPeriod.Ticks;

    /// <summary>As the leader said last.</summary>
    internal TimeSpan Period
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _periodTicks));
        set => Interlocked.Exchange(ref _periodTicks, value.Ticks);
    }

    /// <summary>How long to wait before this is asked again; null when a heartbeat is due.</summary>
    /// <param name="sinceLast">Since the last heartbeat was sent.</param>
    internal TimeSpan? WaitAfter(TimeSpan sinceLast) =>
        Period - sinceLast is var left && left <= TimeSpan.Zero ? null : left < LongestWait ? left : LongestWait;
}
