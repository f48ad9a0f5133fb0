using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// How long disk and state machine hold the thread of a member up, and the decisions of the watchdog beside it.
/// </summary>
internal sealed class HeldUp(Timeline timeline)
{
    private const long WatchedUs = 3 * StallJudge.PeriodMs * Timeline.UsPerMs;
    private StallJudge _watchdog = new(int.MaxValue);
    private long _hangUs;

    /// <summary>The thread takes nothing before.</summary>
    public long BusyUntilUs { get; private set; }

    /// <summary>Nobody on this member is answered before.</summary>
    public long SilentUntilUs { get; private set; }

    /// <summary>It is held up for so long that the watchdog has something to see.</summary>
    public bool IsWatched => BusyUntilUs - timeline.NowUs > WatchedUs;

    /// <summary>A process begins.</summary>
    public void Begin(int stallTimeoutMs)
    {
        _watchdog = new StallJudge(stallTimeoutMs);
        (_hangUs, SilentUntilUs) = (0, 0);
    }

    /// <summary>The state machine will hang for so long with its next entry.</summary>
    public void HangAtApply(long us) => _hangUs = us;

    /// <summary>The state machine takes an entry: for how long it holds up the thread, which sends no heartbeats
    /// meanwhile.</summary>
    public long OnApply()
    {
        var us = _hangUs;
        _hangUs = 0;
        if (!Planted.Breaks(Rule.R26))
            return us;
        SilentUntilUs = Math.Max(SilentUntilUs, timeline.NowUs + us);
        return 0;
    }

    /// <summary>A turn took so long.</summary>
    public void Take(long tookUs)
    {
        SilentUntilUs = Math.Max(SilentUntilUs, timeline.NowUs + tookUs);
        BusyUntilUs = timeline.NowUs + (Planted.Breaks(Rule.R28) ? Math.Min(tookUs, Timeline.UsPerMs) : tookUs);
    }

    /// <summary>A look of the watchdog.</summary>
    public void Look(RaftMachine machine)
    {
        if (_watchdog.Look(machine.Steps, StallJudge.PeriodMs) is true)
            machine.DemandStepDown();
    }
}
