namespace Swarm.Runtime.Images;

/// <summary>
/// One piece of work per key however many want it at once. A waiter that gives up leaves the work to the others; when
/// the last gives up the work is cancelled. A failure is everybody's; the next caller begins anew.
/// </summary>
internal sealed class SingleFlight<TKey, TResult>
    where TKey : notnull
{
    private const int ProgressPeriodMs = 500;
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    // Also those that were cancelled and still clean up behind themselves.
    private readonly HashSet<Flight> _airborne = [];
    private bool _isStopped;

    private sealed class Flight(CancellationTokenSource cancel)
    {
        internal CancellationTokenSource Cancel { get; } = cancel;

        internal PullMeter Meter { get; } = new();

        internal Task<TResult> Work { get; set; } = null!;

        internal int Waiters { get; set; }
    }

    internal async Task<TResult> RunAsync(
        TKey key,
        Func<PullMeter, CancellationToken, Task<TResult>> work,
        IProgress<PullProgress>? progress,
        CancellationToken ct)
    {
        var flight = Board(key, work);
        try
        {
            while (progress is not null && !flight.Work.IsCompleted)
            {
                progress.Report(flight.Meter.Now);
                await Task.WhenAny(flight.Work, Task.Delay(ProgressPeriodMs, ct)).ConfigureAwait(false);
                ct.ThrowIfCancellationRequested();
            }

            var result = await flight.Work.WaitAsync(ct).ConfigureAwait(false);
            progress?.Report(flight.Meter.Now);
            return result;
        }
        finally
        {
            Leave(key, flight);
        }
    }

    /// <summary>Cancels all work and waits until it has cleaned up; nothing can be begun afterwards.</summary>
    internal async Task StopAsync()
    {
        Flight[] all;
        lock (_gate)
        {
            _isStopped = true;
            all = [.. _airborne];
        }

        foreach (var flight in all)
        {
            await flight.Cancel.CancelAsync().ConfigureAwait(false);
        }

        await ((Task)Task.WhenAll(all.Select(f => f.Work))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Flight Board(TKey key, Func<PullMeter, CancellationToken, Task<TResult>> work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopped, this);
            if (!_flights.TryGetValue(key, out var flight))
            {
                flight = new Flight(new CancellationTokenSource());
                flight.Work = FlyAsync(flight, work);
                _flights[key] = flight;
                _airborne.Add(flight);
            }

            flight.Waiters++;
            return flight;
        }
    }

    private async Task<TResult> FlyAsync(Flight flight, Func<PullMeter, CancellationToken, Task<TResult>> work)
    {
        // The caller holds the gate: nothing of the work may run here.
        await Task.Yield();
        try
        {
            return await work(flight.Meter, flight.Cancel.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _airborne.Remove(flight);
            }
        }
    }

    private void Leave(TKey key, Flight flight)
    {
        bool isLast;
        lock (_gate)
        {
            isLast = --flight.Waiters == 0;
            if ((isLast || flight.Work.IsCompleted) && _flights.GetValueOrDefault(key) == flight)
                _flights.Remove(key);
        }

        if (isLast && !flight.Work.IsCompleted)
            flight.Cancel.Cancel();
    }
}
