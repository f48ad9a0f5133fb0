using System.Diagnostics;
using System.Globalization;
using Swarm.Raft;

namespace Swarm.Bench.RaftLog;

/// <summary>Clients that write one entry after the other, and what they saw.</summary>
internal static class Figures
{
    private const int MicrosPerSecond = 1_000_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly int[] Sizes = [128, 1024];
    private static readonly int[] Clients = [1, 16, 64, 256];

    private readonly record struct Row(double PerSecond, double P50Ms, double P99Ms, double CpuMicros);

    /// <summary>Medians by writes/s of so many runs.</summary>
    public static async Task PrintAsync(Cluster cluster, TimeSpan time, int runs)
    {
        await RunAsync(cluster, 64, Sizes[0], WarmUp).ConfigureAwait(false);
        await RunAsync(cluster, 1, Sizes[0], WarmUp).ConfigureAwait(false);
        Console.WriteLine($"the log alone, {cluster.Members} {(cluster.Members == 1 ? "process" : "processes")}");
        Console.WriteLine("clients   bytes  writes/s   p50/ms   p99/ms cpu µs/write");
        foreach (var bytes in Sizes)
        {
            foreach (var clients in Clients)
            {
                var rows = new List<Row>();
                for (var run = 0; run < runs; run++)
                    rows.Add(await RunAsync(cluster, clients, bytes, time).ConfigureAwait(false));
                var median = rows.OrderBy(r => r.PerSecond).ElementAt((runs - 1) / 2);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{clients,-8} {bytes,6} {median.PerSecond,9:0} {median.P50Ms,8:0.00} {median.P99Ms,8:0.00} "
                    + $"{median.CpuMicros,12:0}"));
            }
        }
    }

    private static async Task<Row> RunAsync(Cluster cluster, int clients, int bytes, TimeSpan time)
    {
        var before = cluster.CpuTime;
        var clock = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(
            () => WriteAsync(cluster.Leader, new byte[bytes], clock, time)))).ConfigureAwait(false);
        var seconds = clock.Elapsed.TotalSeconds;
        var cpu = cluster.CpuTime - before;
        var micros = all.SelectMany(m => m).Order().ToArray();
        return new Row(
            micros.Length / seconds, Quantile(micros, 0.5), Quantile(micros, 0.99),
            cpu.TotalSeconds * MicrosPerSecond / micros.Length);
    }

    private static async Task<List<int>> WriteAsync(RaftNode leader, byte[] data, Stopwatch clock, TimeSpan time)
    {
        var micros = new List<int>();
        while (clock.Elapsed < time)
        {
            var began = Stopwatch.GetTimestamp();
            var result = await leader.ProposeAsync(data, CancellationToken.None).ConfigureAwait(false);
            if (result.Outcome != ProposeOutcome.Done)
                throw new InvalidOperationException($"a write was {result.Outcome}: {result.Message}");
            micros.Add((int)(Stopwatch.GetElapsedTime(began).TotalSeconds * MicrosPerSecond));
        }

        return micros;
    }

    private static double Quantile(int[] sorted, double part) =>
        sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)] / 1000.0;
}
