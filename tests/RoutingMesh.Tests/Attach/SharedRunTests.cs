using Swarm.RoutingMesh.Attach;

namespace Swarm.RoutingMesh.Tests.Attach;

public sealed class SharedRunTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Who_asks_during_a_run_gets_the_next_one_together_with_the_others()
    {
        var (runs, began, gate) = (0, new SemaphoreSlim(0), new SemaphoreSlim(0));
        var shared = new SharedRun(async () =>
        {
            Interlocked.Increment(ref runs);
            began.Release();
            await gate.WaitAsync();
        });
        var first = shared.RequestAsync();
        Assert.True(await began.WaitAsync(Patience));

        Task[] later = [.. Enumerable.Range(0, 50).Select(_ => shared.RequestAsync())];
        gate.Release();
        await first.WaitAsync(Patience);
        Assert.True(await began.WaitAsync(Patience));
        Assert.DoesNotContain(later, task => task.IsCompleted);
        gate.Release();

        await Task.WhenAll(later).WaitAsync(Patience);
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task A_failed_run_fails_those_who_waited_for_it_and_nobody_else()
    {
        var runs = 0;
        var shared = new SharedRun(() => Interlocked.Increment(ref runs) == 1
            ? Task.FromException(new IOException("refused"))
            : Task.CompletedTask);

        await Assert.ThrowsAsync<IOException>(() => shared.RequestAsync().WaitAsync(Patience));
        await shared.RequestAsync().WaitAsync(Patience);

        Assert.Equal(2, runs);
    }
}
