using System.Diagnostics;
using System.Globalization;
using Swarm.Bench;
using Swarm.Protocol.V1;
using Swarm.Rpc;

// bench SCENARIO SOCKET [ARGS]: prints one number in seconds a run; bench/run makes medians of them.
const string image1 = "10.99.0.5:5000/demo/web:1";
const string image2 = "10.99.0.5:5000/demo/web:2";
const int FillMinutes = 5;
if (args[0].StartsWith("raft", StringComparison.Ordinal))
{
    await RaftAsync();
    return;
}

if (args[0] == "plan") // plan SOCKET REPLICAS
{
    await new PlanBeside(args[1]).RunAsync(ulong.Parse(args[2], CultureInfo.InvariantCulture));
    return;
}

await using var client = new SwarmClient(args[1]);
await client.WarmUpAsync();
var seconds = args[0] switch
{
    "create" => await CreateAsync(ulong.Parse(args[2], CultureInfo.InvariantCulture)),
    "keep" => await KeepAsync(ulong.Parse(args[2], CultureInfo.InvariantCulture), args[3]),
    "drop" => await client.RemoveAsync("bench-keep"),
    "scale" => await ScaleAsync(),
    "remove" => await RemoveAsync(),
    "update" => await UpdateAsync(),
    "first-write" => await FirstWriteAsync(args[2]),
    _ => throw new ArgumentException($"unknown scenario {args[0]}"),
};
Console.WriteLine(seconds.ToString("0.000", CultureInfo.InvariantCulture));

// raft-write BYTES,… SECONDS WARMUP CLIENTS,… ROUNDS swarm|etcd|etcd-cas=SOCKET[,PID…]…
// raft-fill SOCKET CLIENTS BYTES ENTRIES;
// raft-applied SOCKET INDEX
async Task RaftAsync()
{
    switch (args[0])
    {
        case "raft-write":
            await new WriteBench([.. args[6..].Select(Contest)]).RunAsync(WriteLoad.Parse(args[1..6]));
            break;
        case "raft-fill":
            await WriteBench.FillAsync(
                Contest($"swarm={args[1]}"), Number(2), Number(3), TimeSpan.FromMinutes(FillMinutes), Number(4));
            break;
        case "raft-applied":
            Console.WriteLine(await LabelWrites.AppliedAsync(args[1], (ulong)Number(2)));
            break;
        default:
            throw new ArgumentException($"unknown scenario {args[0]}");
    }
}

static Contestant Contest(string word)
{
    var name = word[..word.IndexOf('=', StringComparison.Ordinal)];
    var parts = word[(name.Length + 1)..].Split(',');
    return new Contestant(
        name,
        name switch
        {
            "etcd" => n => new EtcdWrites(parts[0], n, compare: false),
            "etcd-cas" => n => new EtcdWrites(parts[0], n, compare: true),
            "swarm-config" => n => new ConfigWrites(parts[0], n),
            _ => n => new LabelWrites(parts[0], n),
        },
        [Environment.ProcessId, .. parts[1..].Select(p => int.Parse(p, CultureInfo.InvariantCulture))]);
}

int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);

async Task<double> CreateAsync(ulong replicas)
{
    var (id, took) = await client.CreateAsync(Spec("create", replicas));
    await client.RemoveAsync(id);
    return took;
}

// So many on the node of that name, until "drop".
async Task<double> KeepAsync(ulong replicas, string node)
{
    var spec = Spec("keep", replicas);
    spec.Task.Placement = new Placement { Constraints = { $"node.hostname=={node}" } };
    return (await client.CreateAsync(spec)).Seconds;
}

async Task<double> ScaleAsync()
{
    var (id, _) = await client.CreateAsync(Spec("scale", 10));
    var took = await client.ChangeAsync(id, s => s.Replicated.Replicas = 50, p => SwarmClient.Running(p) == 50);
    await client.RemoveAsync(id);
    return took;
}

async Task<double> RemoveAsync()
{
    var (id, _) = await client.CreateAsync(Spec("remove", 50));
    // The containers' programs have to come up before they can hear a signal.
    await Task.Delay(TimeSpan.FromSeconds(3));
    return await client.RemoveAsync(id);
}

async Task<double> UpdateAsync()
{
    var (id, _) = await client.CreateAsync(Spec("update", 10));
    var took = await client.ChangeAsync(
        id, s => s.Task.Container.Image = image2,
        p => SwarmClient.RunningImage(p, "demo/web:2") == 10
            && p.Service.UpdateStatus?.State == UpdateStatus.Types.State.Completed);
    await client.RemoveAsync(id);
    return took;
}

// From the kill of the leader (the given command) to the first write that another manager accepts.
async Task<double> FirstWriteAsync(string killCommand)
{
    var (id, _) = await client.CreateAsync(Spec("failover", 1));
    var clock = Stopwatch.StartNew();
    using (var kill = Process.Start("bash", ["-c", killCommand]))
    {
        await kill.WaitForExitAsync();
    }

    while (true)
    {
        try
        {
            await client.ChangeAsync(
                id, s => s.Labels["at"] = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture), _ => true);
            break;
        }
        catch (RpcException e) when (
            e.Code is RpcStatusCode.Unavailable or RpcStatusCode.DeadlineExceeded or RpcStatusCode.Aborted)
        {
            await Task.Delay(5);
        }
    }

    var took = clock.Elapsed.TotalSeconds;
    await client.RemoveAsync(id);
    return took;
}

static ServiceSpec Spec(string name, ulong replicas) => new()
{
    Name = $"bench-{name}",
    Replicated = new ReplicatedMode { Replicas = replicas },
    Task = new TaskSpec { Container = new ContainerSpec { Image = image1 } },
};
