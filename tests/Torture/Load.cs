using System.Diagnostics;

namespace Swarm.Torture;

/// <summary>Writers at a steady rate and readers, at managers that are drawn for each operation.</summary>
internal sealed class Load : IAsyncDisposable
{
    private static readonly TimeSpan ReaderPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(20);
    private readonly CancellationTokenSource _stop = new();
    private readonly Registers _registers;
    private readonly Managers _managers;
    private readonly Task[] _clients;

    internal Load(Registers registers, Managers managers, Options options)
    {
        (_registers, _managers) = (registers, managers);
        var period = TimeSpan.FromSeconds((double)options.Clients / options.Rate);
        _clients =
        [
            .. Enumerable.Range(1, options.Clients)
                .Select(n => Task.Run(() => WriteAsync(n, period, new Random(options.Seed + n)))),
            .. Enumerable.Range(options.Clients + 1, options.Readers)
                .Select(n => Task.Run(() => ReadAsync(n, new Random(options.Seed + n)))),
        ];
    }

    /// <summary>Throws what broke a client: a load with fewer clients than asked for shows less.</summary>
    internal void ThrowIfBroken()
    {
        foreach (var client in _clients.Where(c => c.IsFaulted))
            client.GetAwaiter().GetResult();
    }

    /// <summary>Ends when the last operation has its answer. A client that broke is told here.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_clients).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WriteAsync(long client, TimeSpan period, Random random)
    {
        var clock = Stopwatch.StartNew();
        var due = TimeSpan.Zero;
        for (var number = 1L; !_stop.IsCancellationRequested; number++)
        {
            due = Later(due + period, clock.Elapsed - TimeSpan.FromSeconds(1));
            // One look at the clock: between two the time may come, and there is no negative delay.
            if (due - clock.Elapsed is var left && left > TimeSpan.Zero)
                await Task.Delay(left).ConfigureAwait(false);
            var key = random.Next(_registers.Count);
            if (await _registers.ReadAsync(client, Hosts(random), key, default).ConfigureAwait(false) is { } seen)
            {
                await _registers.SetAsync(
                    client, Hosts(random), key, seen, History.NewValue(client, number), default).ConfigureAwait(false);
            }
            else
            {
                await Task.Delay(AfterFailure).ConfigureAwait(false);
            }
        }
    }

    private async Task ReadAsync(long client, Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            await _registers.ReadAsync(client, Hosts(random)[0], random.Next(_registers.Count), default)
                .ConfigureAwait(false);
            await Task.Delay(ReaderPause).ConfigureAwait(false);
        }
    }

    /// <summary>All managers, in an order that is drawn.</summary>
    private string[] Hosts(Random random)
    {
        var hosts = _managers.Hosts.ToArray();
        random.Shuffle(hosts);
        return hosts;
    }

    /// <summary>What an outage held up is made up for, but not more than a second of it.</summary>
    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
