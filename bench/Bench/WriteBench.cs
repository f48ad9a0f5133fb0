using System.Diagnostics;
using System.Globalization;

namespace Swarm.Bench;

/// <summary>What is written to: a store that answers when a write is on the disks of a majority.</summary>
internal interface IWriteTarget : IAsyncDisposable
{
    /// <summary>Before the first write of a client.</summary>
    Task CreateAsync(int client);

    /// <summary>A write of so many bytes to what is the client's own.</summary>
    Task WriteAsync(int client, int bytes);

    /// <summary>After the last write of a client.</summary>
    Task RemoveAsync(int client);
}

/// <summary>Who is measured. The first process is the load's own.</summary>
internal sealed record Contestant(string Name, Func<int, IWriteTarget> Connect, int[] Processes);

/// <summary>
/// Clients that write one after the other, each to something of its own, and how long each write took. Several
/// contestants take turns row by row, so that what else the machine does meets them alike.
/// </summary>
internal sealed class WriteBench(IReadOnlyList<Contestant> contestants)
{
    private const int WarmUpClients = 64;
    private static readonly TimeSpan RowWarmUp = TimeSpan.FromSeconds(1);
    private const int MicrosPerSecond = 1_000_000;

    /// <summary>
    /// A row for each number of clients, after a warm-up of the whole program: clients, bytes, writes/s, p50 and p99 in
    /// ms, µs of CPU and changes of context a write, of this process first, then of the daemons, and the name.
    /// </summary>
    public async Task RunAsync(WriteLoad load)
    {
        foreach (var one in contestants)
            await FillAsync(one, WarmUpClients, load.Bytes[0], TimeSpan.FromSeconds(load.WarmUpSeconds), long.MaxValue);
        for (var round = 0; round < load.Rounds; round++)
        {
            foreach (var bytes in load.Bytes)
            foreach (var clients in load.Clients)
            foreach (var one in contestants)
                await RowAsync(one, clients, bytes, TimeSpan.FromSeconds(load.Seconds));
        }
    }

    private static async Task RowAsync(Contestant one, int clients, int bytes, TimeSpan time)
    {
        await using var target = one.Connect(clients);
        await EachAsync(clients, target.CreateAsync);
        await WriteAsync(target, clients, bytes, RowWarmUp, long.MaxValue);
        var before = Array.ConvertAll(one.Processes, ProcessUse.Of);
        var micros = await WriteAsync(target, clients, bytes, time, long.MaxValue);
        var used = one.Processes.Select((pid, i) => ProcessUse.Of(pid) - before[i]).ToList();
        await EachAsync(clients, target.RemoveAsync);
        micros.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{clients} {bytes} {micros.Count / time.TotalSeconds:0} {Ms(micros, 0.5):0.00} "
            + $"{Ms(micros, 0.99):0.00} {Each(used, u => u.CpuMicros, micros.Count)} "
            + $"{Each(used, u => u.Switches, micros.Count)} {one.Name}"));
    }

    /// <summary>Writes until the time or the number is over.</summary>
    public static async Task FillAsync(Contestant one, int clients, int bytes, TimeSpan time, long entries)
    {
        await using var target = one.Connect(clients);
        await EachAsync(clients, target.CreateAsync);
        await WriteAsync(target, clients, bytes, time, entries);
        await EachAsync(clients, target.RemoveAsync);
    }

    private static Task EachAsync(int clients, Func<int, Task> act) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(act));

    private static async Task<List<int>> WriteAsync(
        IWriteTarget target, int clients, int bytes, TimeSpan time, long most)
    {
        var all = new List<int>[clients];
        var left = most;
        var clock = Stopwatch.StartNew();
        await EachAsync(clients, n => Task.Run(async () =>
        {
            var micros = all[n] = [];
            while (clock.Elapsed < time && Interlocked.Decrement(ref left) >= 0)
            {
                var began = Stopwatch.GetTimestamp();
                await target.WriteAsync(n, bytes);
                micros.Add((int)(Stopwatch.GetElapsedTime(began).TotalSeconds * MicrosPerSecond));
            }
        }));
        return [.. all.SelectMany(m => m)];
    }

    private static string Each(List<ProcessUse> used, Func<ProcessUse, long> what, int writes) =>
        string.Join(
            '/', used.Select(u => (what(u) / Math.Max(1.0, writes)).ToString("0.#", CultureInfo.InvariantCulture)));

    private static double Ms(List<int> sorted, double part) =>
        sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)] / 1000.0;
}

/// <summary>What is to be measured.</summary>
internal sealed record WriteLoad(int[] Bytes, int Seconds, int WarmUpSeconds, int[] Clients, int Rounds)
{
    /// <summary>BYTES,… SECONDS WARMUP CLIENTS,… ROUNDS</summary>
    public static WriteLoad Parse(string[] words) => new(
        Numbers(words[0]), Number(words[1]), Number(words[2]), Numbers(words[3]), Number(words[4]));

    private static int[] Numbers(string list) => [.. list.Split(',').Select(Number)];

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
