using System.Diagnostics;
using System.Globalization;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Bench;

/// <summary>
/// Replicated writes through a manager's own API: each client changes a label of a service of its own by
/// compare-and-set, one change after the other. Nothing is planned for these services (no replicas), so what is
/// measured is the way into the log of all managers and back.
/// </summary>
internal sealed class RaftBench : IAsyncDisposable
{
    /// <summary>Connections that the clients share.</summary>
    private const int MaxConnections = 8;

    private const string Label = "value";
    private const int WarmUpClients = 64;
    private static readonly TimeSpan RowWarmUp = TimeSpan.FromSeconds(1);
    private const int MicrosPerSecond = 1_000_000;
    private readonly SwarmClient[] _connections;
    private readonly (string Id, ulong Version, ServiceSpec Spec)[] _services;

    private RaftBench(string socket, int clients)
    {
        _connections = [.. Enumerable.Range(0, Math.Min(clients, MaxConnections)).Select(_ => new SwarmClient(socket))];
        _services = new (string, ulong, ServiceSpec)[clients];
    }

    /// <summary>
    /// A row for each number of clients, after a warm-up of the whole program: clients, bytes, writes/s, p50 and p99 in
    /// ms, µs of CPU and changes of context a write, of this process first, then of the daemons.
    /// </summary>
    public static async Task RunAsync(string socket, RaftLoad load)
    {
        await WarmUpAsync(socket, load);
        foreach (var clients in load.Clients)
        {
            await using var bench = new RaftBench(socket, clients);
            await bench.CreateAsync();
            await bench.WriteAsync(load.Bytes, RowWarmUp, long.MaxValue);
            var before = Array.ConvertAll(load.Processes, ProcessUse.Of);
            var micros = await bench.WriteAsync(load.Bytes, TimeSpan.FromSeconds(load.Seconds), long.MaxValue);
            var used = load.Processes.Select((pid, i) => ProcessUse.Of(pid) - before[i]).ToList();
            await bench.RemoveAsync();
            micros.Sort();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{clients} {load.Bytes} {micros.Count / (double)load.Seconds:0} {Ms(micros, 0.5):0.00} "
                + $"{Ms(micros, 0.99):0.00} {Each(used, u => u.CpuMicros, micros.Count)} "
                + $"{Each(used, u => u.Switches, micros.Count)}"));
        }
    }

    /// <summary>Makes a log of so many entries.</summary>
    public static async Task FillAsync(string socket, int clients, int bytes, long entries)
    {
        await using var bench = new RaftBench(socket, clients);
        await bench.CreateAsync();
        await bench.WriteAsync(bytes, TimeSpan.FromMinutes(5), entries);
    }

    /// <summary>Waits until the manager has applied up to an index; prints the index when asked for 0.</summary>
    public static async Task<ulong> AppliedAsync(string socket, ulong index)
    {
        await using var client = new SwarmClient(socket);
        while (true)
        {
            try
            {
                var raft = (await client.InfoAsync()).Raft;
                if (raft is not null && raft.AppliedIndex >= index)
                    return raft.AppliedIndex;
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable)
            {
                // It has not opened its socket yet.
            }

            await Task.Delay(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    private SwarmClient Connection(int client) => _connections[client % _connections.Length];

    private Task CreateAsync() => EachAsync(async n =>
    {
        var spec = new ServiceSpec
        {
            Name = $"bench-raft-{n}",
            Replicated = new ReplicatedMode { Replicas = 0 },
            Task = new TaskSpec { Container = new ContainerSpec { Image = "bench/nothing:1" } },
        };
        var created = await Connection(n).CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", new CreateServiceRequest { Spec = spec, NoResolveImage = true });
        _services[n] = (created.Id, created.Version, spec);
    });

    private Task RemoveAsync() => EachAsync(n =>
        Connection(n).CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
            "RemoveService", new RemoveServiceRequest { Ref = _services[n].Id }));

    private Task EachAsync(Func<int, Task> act) => Task.WhenAll(Enumerable.Range(0, _services.Length).Select(act));

    private async Task<List<int>> WriteAsync(int bytes, TimeSpan time, long most)
    {
        var all = new List<int>[_services.Length];
        var left = most;
        var clock = Stopwatch.StartNew();
        await EachAsync(n => Task.Run(async () =>
        {
            var micros = all[n] = [];
            while (clock.Elapsed < time && Interlocked.Decrement(ref left) >= 0)
            {
                var began = Stopwatch.GetTimestamp();
                await WriteOneAsync(n, bytes);
                micros.Add((int)(Stopwatch.GetElapsedTime(began).TotalSeconds * MicrosPerSecond));
            }
        }));
        return [.. all.SelectMany(m => m)];
    }

    private async Task WriteOneAsync(int n, int bytes)
    {
        var (id, version, spec) = _services[n];
        spec.Labels[Label] = version.ToString(CultureInfo.InvariantCulture).PadRight(bytes, 'x');
        var answer = await Connection(n).CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
            "UpdateService",
            new UpdateServiceRequest { ServiceId = id, Version = version, Spec = spec, NoResolveImage = true });
        _services[n].Version = answer.Version;
    }

    private static async Task WarmUpAsync(string socket, RaftLoad load)
    {
        await using var bench = new RaftBench(socket, WarmUpClients);
        await bench.CreateAsync();
        await bench.WriteAsync(load.Bytes, TimeSpan.FromSeconds(load.WarmUpSeconds), long.MaxValue);
        await bench.RemoveAsync();
    }

    private static string Each(List<ProcessUse> used, Func<ProcessUse, long> what, int writes) =>
        string.Join(
            '/', used.Select(u => (what(u) / Math.Max(1.0, writes)).ToString("0.#", CultureInfo.InvariantCulture)));

    private static double Ms(List<int> sorted, double part) =>
        sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)] / 1000.0;
}

/// <summary>What is to be measured. The first process is the load's own.</summary>
internal sealed record RaftLoad(int Bytes, int Seconds, int WarmUpSeconds, int[] Clients, int[] Processes)
{
    /// <summary>BYTES SECONDS WARMUP CLIENTS,… [PID…]</summary>
    public static RaftLoad Parse(string[] words) => new(
        Number(words[0]), Number(words[1]), Number(words[2]), [.. words[3].Split(',').Select(Number)],
        [Environment.ProcessId, .. words[4..].Select(Number)]);

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
