using System.Threading.Channels;

namespace Swarm.Rpc.Tests;

/// <summary>Several sequences by time: whole and in order, and a silent one holds up nobody for long.</summary>
public sealed class TimeMergeTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task All_items_come_in_the_order_of_their_time_and_of_their_sequence()
    {
        var dice = new Random(7);
        var merge = new TimeMerge<(long At, int Source, int Number)>(static i => i.At, Timeout.InfiniteTimeSpan);
        var sources = Enumerable.Range(0, 8).Select(_ => Channel.CreateBounded<(long, int, int)>(4)).ToList();
        sources.ForEach(s => merge.Add(s.Reader));
        merge.Complete();
        var filling = sources.Select(async (s, source) =>
        {
            var at = 0L;
            for (var i = 0; i < 500 * (source % 4); i++)
            {
                await s.Writer.WriteAsync((at += dice.Next(3), source, i));
                if (i % 50 == 0)
                    await Task.Yield();
            }

            s.Writer.Complete();
        }).ToList();
        var got = await merge.ReadAllAsync(default).ToListAsync();
        await Task.WhenAll(filling);
        Assert.Equal(500 * (0 + 1 + 2 + 3) * 2, got.Count);
        Assert.Equal(got.Select(g => g.At).Order(), got.Select(g => g.At));
        foreach (var one in got.GroupBy(g => g.Source))
            Assert.Equal(Enumerable.Range(0, one.Count()), one.Select(g => g.Number));
    }

    [Fact]
    public async Task A_silent_sequence_is_waited_for_only_for_a_while_and_what_it_has_later_comes_late()
    {
        var merge = new TimeMerge<long>(static i => i, TimeSpan.FromMilliseconds(20));
        var (silent, busy) = (Channel.CreateUnbounded<long>(), Channel.CreateUnbounded<long>());
        merge.Add(silent.Reader);
        merge.Add(busy.Reader);
        await busy.Writer.WriteAsync(10);
        await using var items = merge.ReadAllAsync(default).GetAsyncEnumerator();
        Assert.Equal((true, 10), (await items.MoveNextAsync(), items.Current));
        await silent.Writer.WriteAsync(5);
        Assert.Equal((true, 5), (await items.MoveNextAsync(), items.Current));
        var next = items.MoveNextAsync().AsTask();
        var third = Channel.CreateUnbounded<long>();
        await third.Writer.WriteAsync(11);
        merge.Add(third.Reader);
        Assert.Equal((true, 11), (await next, items.Current));
        silent.Writer.Complete();
        busy.Writer.Complete();
        third.Writer.Complete();
        next = items.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        merge.Complete();
        Assert.False(await next);
    }

    [Fact]
    public async Task One_that_may_be_given_up_ends_the_whole_and_is_told()
    {
        var told = 0;
        var merge = new TimeMerge<long>(static i => i, TimeSpan.FromMilliseconds(20));
        var silent = Channel.CreateUnbounded<long>();
        merge.Add(silent.Reader, () => told++);
        merge.Complete();
        Assert.Empty(await merge.ReadAllAsync(new CancellationTokenSource(Long).Token).ToListAsync());
        Assert.Equal(1, told);
    }

    [Fact]
    public async Task Who_reads_may_leave()
    {
        var merge = new TimeMerge<long>(static i => i, Long);
        merge.Add(Channel.CreateUnbounded<long>().Reader);
        using var leave = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => merge.ReadAllAsync(leave.Token).ToListAsync().AsTask());
    }
}
