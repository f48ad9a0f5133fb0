namespace Swarm.Raft.Tests.Node;

/// <summary>What the watchdog decides (R26, R28).</summary>
public sealed class StallJudgeTests
{
    private const int StallMs = 1_500;

    [Fact]
    public void Who_stands_still_for_long_enough_hangs_once_and_goes_on_once()
    {
        var judge = new StallJudge(StallMs);
        Assert.Null(judge.Look(7, StallJudge.PeriodMs));
        for (var ms = StallJudge.PeriodMs; ms < StallMs; ms += StallJudge.PeriodMs)
            Assert.Null(judge.Look(7, StallJudge.PeriodMs));
        Assert.True(judge.Look(7, StallJudge.PeriodMs));
        Assert.Null(judge.Look(7, StallJudge.PeriodMs));
        Assert.False(judge.Look(8, StallJudge.PeriodMs));
        Assert.Null(judge.Look(8, StallJudge.PeriodMs));
    }

    [Fact]
    public void Who_moves_now_and_then_does_not_hang()
    {
        var judge = new StallJudge(StallMs);
        for (var look = 0; look < 200; look++)
            Assert.Null(judge.Look(look / 14, StallJudge.PeriodMs));
    }

    /// <summary>The looker itself was held up: the other may have been, too.</summary>
    [Fact]
    public void Time_in_which_the_looker_did_not_run_accuses_nobody()
    {
        var judge = new StallJudge(StallMs);
        judge.Look(7, StallJudge.PeriodMs);
        Assert.Null(judge.Look(7, 60_000));
        Assert.Null(judge.Look(7, StallJudge.PeriodMs));
    }
}
