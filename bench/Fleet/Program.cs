using System.Diagnostics;
using System.Globalization;
using Swarm.Bench;
using Swarm.Bench.Fleet;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

// fleet SOCKET WORKERS REPLICAS ROUNDS: workers with a runtime that does nothing join the swarm of this socket, whose
// other nodes must be drained. Prints a line a round: seconds to run all, to update all by force, to remove all.
var (workers, replicas, rounds) = (Number(args[1]), (ulong)Number(args[2]), Number(args[3]));
await using var client = new SwarmClient(args[0]);
var tokens = await client.CallAsync<GetJoinTokensRequest, GetJoinTokensResponse>(
    "GetJoinTokens", new GetJoinTokensRequest());
var manager = HostPort.Parse(tokens.ManagerAddress);
var fleet = new List<IdleWorker>();
for (var i = 0; i < workers; i++)
{
    fleet.Add(await IdleWorker.JoinAsync(i, manager, tokens.Worker));
}

while (!fleet.TrueForAll(w => w.IsConnected))
{
    await Task.Delay(50);
}

for (var round = 0; round < rounds; round++)
{
    var id = (await client.CallAsync<CreateServiceRequest, CreateServiceResponse>(
        "CreateService", Mark(new CreateServiceRequest { Spec = Spec(round, 0), NoResolveImage = true }))).Id;
    var create = await ChangeAsync(
        id, s => s.Replicated.Replicas = replicas, p => SwarmClient.Running(p) == (int)replicas);
    var update = await ChangeAsync(
        id, s => s.Task.ForceUpdate++,
        p => p.Service.UpdateStatus?.State == UpdateStatus.Types.State.Completed
            && SwarmClient.Running(p) == (int)replicas);
    var remove = await RemoveAsync(id);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{create:0.000} {update:0.000} {remove:0.000}"));
}

foreach (var worker in fleet)
{
    await worker.DisposeAsync();
}

async Task<double> ChangeAsync(string id, Action<ServiceSpec> change, Func<WatchServiceResponse, bool> done)
{
    var view = (await client.CallAsync<GetServiceRequest, GetServiceResponse>(
        "GetService", new GetServiceRequest { Ref = id })).Service;
    var spec = view.Spec.Clone();
    change(spec);
    var clock = Stopwatch.StartNew();
    await client.CallAsync<UpdateServiceRequest, UpdateServiceResponse>("UpdateService", Mark(new UpdateServiceRequest
    {
        ServiceId = id, Version = view.Version, Spec = spec, NoResolveImage = true,
    }));
    await client.UntilAsync(id, done);
    return clock.Elapsed.TotalSeconds;
}

async Task<double> RemoveAsync(string id)
{
    var clock = Stopwatch.StartNew();
    await client.CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
        "RemoveService", Mark(new RemoveServiceRequest { Ref = id }));
    while ((await client.CallAsync<ListTasksRequest, ListTasksResponse>("ListTasks", new ListTasksRequest()))
        .Tasks.Any(t => t.ServiceId == id))
    {
        await Task.Delay(10);
    }

    return clock.Elapsed.TotalSeconds;
}

static T Mark<T>(T request)
    where T : Google.Protobuf.IMessage
{
    new RequestIds().TryMark(request);
    return request;
}

static ServiceSpec Spec(int round, ulong replicas = 0) => new()
{
    Name = $"fleet-{round}",
    Replicated = new ReplicatedMode { Replicas = replicas },
    Task = new TaskSpec { Container = new ContainerSpec { Image = "bench.test/nothing:1" } },
    // All at once, and no time to see whether they stay: what is measured is the managers' work.
    Update = new UpdatePolicy { Parallelism = 0, MonitorNs = 0 },
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
