namespace Swarm.Manager.Tests;

public sealed class VitalTests
{
    [Fact]
    public async Task A_loop_that_breaks_is_told()
    {
        Exception? told = null;
        await Vital.Run(static () => throw new InvalidDataException("broken"), e => told = e, CancellationToken.None);
        Assert.IsType<InvalidDataException>(told);
    }

    [Fact]
    public async Task A_loop_that_is_stopped_is_not()
    {
        Exception? told = null;
        using var stop = new CancellationTokenSource();
        var run = Vital.Run(() => Task.Delay(Timeout.Infinite, stop.Token), e => told = e, stop.Token);
        await stop.CancelAsync();
        await run;
        Assert.Null(told);
    }
}
