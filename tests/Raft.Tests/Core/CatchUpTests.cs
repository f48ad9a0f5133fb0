using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Thesis §4.2.1 (R17): when a learner is fast enough to be a voter.</summary>
public sealed class CatchUpTests
{
    private const int LimitTicks = 50;

    [Fact]
    public void A_round_that_is_short_enough_makes_it_ready_and_one_that_is_not_unmakes_it()
    {
        var progress = new CatchUp();
        progress.Tick(match: 0, lastIndex: 10, LimitTicks);
        Assert.False(progress.Done);
        progress.Tick(match: 10, lastIndex: 12, LimitTicks);
        Assert.True(progress.Done);
        progress.Tick(match: 10, lastIndex: 20, LimitTicks);
        for (var i = 0; i < LimitTicks; i++)
            progress.Tick(match: 10, lastIndex: 20, LimitTicks);
        progress.Tick(match: 20, lastIndex: 20, LimitTicks);
        Assert.False(progress.Done);
    }

    [Fact]
    public void Who_was_away_begins_anew()
    {
        var progress = new CatchUp();
        progress.Tick(match: 0, lastIndex: 10, LimitTicks);
        progress.Tick(match: 10, lastIndex: 12, LimitTicks);
        progress.Forget();
        Assert.False(progress.Done);
        progress.Tick(match: 10, lastIndex: 5_000, LimitTicks);
        progress.Tick(match: 10, lastIndex: 5_001, LimitTicks);
        Assert.False(progress.Done);
        progress.Tick(match: 5_000, lastIndex: 5_001, LimitTicks);
        Assert.True(progress.Done);
    }
}
