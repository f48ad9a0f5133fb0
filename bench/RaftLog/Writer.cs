using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Swarm.Bench.Scheduling;
using Swarm.Manager;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Bench.RaftLog;

/// <summary>
/// A user who changes labels of small services at a steady rate, whether the last change is answered or not, and how
/// long each took from the moment it was due.
/// </summary>
internal sealed class Writer(ClusterStore store, Proposer proposer)
{
    /// <summary>Each is changed once a second.</summary>
    internal const int Services = 50;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1.0 / Services);
    private readonly ConcurrentBag<double> _ms = [];
    private int _conflicts;

    /// <summary>Until it is told to stop and everything is answered.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var began = Stopwatch.StartNew();
        var open = new List<Task>();
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var due = Period * i;
            if (due > began.Elapsed)
            {
                await Task.Delay(due - began.Elapsed, CancellationToken.None).ConfigureAwait(false);
            }

            open.Add(WriteAsync(i % Services, began, due));
        }

        await Task.WhenAll(open).ConfigureAwait(false);
    }

    public string Describe()
    {
        var sorted = _ms.Order().ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{sorted.Count} writes: p50 {At(0.5):f1}, p99 {At(0.99):f1}, max {sorted[^1]:f1} ms, "
            + $"{_conflicts} refused");

        double At(double share) => sorted[(int)(share * (sorted.Count - 1))];
    }

    private async Task WriteAsync(int number, Stopwatch clock, TimeSpan due)
    {
        var service = store.Current.Services[Clusters.Id(number)];
        var spec = service.Spec.Clone();
        spec.Labels["n"] = due.Ticks.ToString(CultureInfo.InvariantCulture);
        try
        {
            await proposer.CommandAsync(
                new StoreAction.UpdateServiceSpec(service.Id, service.Version, spec), CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (RpcException e) when (e.Code != RpcStatusCode.DeadlineExceeded)
        {
            // The one before was not there yet; it is answered all the same.
            Interlocked.Increment(ref _conflicts);
        }

        _ms.Add((clock.Elapsed - due).TotalMilliseconds);
    }
}
