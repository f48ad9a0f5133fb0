using Google.Protobuf;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>Credentials for registries that a service carries: to the nodes of its tasks, and into no answer.</summary>
public sealed class RegistryAuthTests
{
    private const string Canary = OneManager.RegistryPassword;

    [Fact]
    public async Task What_login_stored_goes_with_the_service_and_is_in_no_answer_and_on_no_disk()
    {
        await using var one = await OneManager.StartSealedAsync();
        await using var watch = one.Watch(new WatchRequest());
        await using var messages = watch.ReadAllAsync(default).GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());
        var create = OneManager.Create("web");
        create.WithRegistryAuth = true;
        var made = await one.CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", one.Marked(create));
        Assert.Empty(made.Warnings);
        var service = one.Node.State.Services[new ServiceId(made.Id)];
        Assert.Equal(new RegistryLogin("registry.test", "ci", Canary), service.Registries.Single());

        var shown = (await one.CallAsync<GetServiceRequest, GetServiceResponse>(
            "GetService", new GetServiceRequest { Ref = "web" })).Service;
        var update = new UpdateServiceRequest
        {
            ServiceId = made.Id, Version = shown.Version, Spec = shown.Spec.Clone(), NoResolveImage = true,
        };
        update.Spec.Labels["a"] = "b";
        var updated = await one.CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
            "UpdateService", one.Marked(update));
        Assert.Equal(Canary, one.Node.State.Services[new ServiceId(made.Id)].Registries.Single().Password);
        var list = await one.CallAsync<ListServicesRequest, ListServicesResponse>(
            "ListServices", new ListServicesRequest());
        Assert.True(await messages.MoveNextAsync());
        foreach (var answer in new IMessage[] { made, shown, updated, list, messages.Current })
        {
            Assert.True(answer.ToByteArray().AsSpan().IndexOf("canary-registry"u8) < 0, answer.Descriptor.Name);
        }

        await one.RestartAsync();
        await one.CallAsync<GetServiceRequest, GetServiceResponse>("GetService", new GetServiceRequest { Ref = "web" });
        Assert.Equal(Canary, one.Node.State.Services[new ServiceId(made.Id)].Registries.Single().Password);
        await one.StopAsync();
        foreach (var file in Directory.EnumerateFiles(one.Data, "*", SearchOption.AllDirectories))
        {
            Assert.True((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf("canary-registry"u8) < 0, file);
        }
    }

    [Fact]
    public async Task Without_the_flag_none_are_taken_and_bad_ones_are_refused()
    {
        await using var one = await OneManager.StartAsync();
        await one.CreateAsync("web");
        Assert.Empty(one.Node.State.Services.Values.Single().Registries);
        var bad = OneManager.Create("other");
        bad.WithRegistryAuth = true;
        bad.Registry = new RegistryAccess { Host = "a/b", User = "u", Password = Canary };
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", bad));
        Assert.Equal(RpcStatusCode.InvalidArgument, refused.Code);
        Assert.DoesNotContain(Canary, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_a_task_that_still_has_to_be_prepared_brings_them_to_its_node()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        NodeId node = new("n1".PadLeft(25, '0')), other = new("n2".PadLeft(25, '0'));
        var web = new ServiceId("web".PadLeft(25, '0'));
        var state = ClusterState.Empty;
        void Do(params StoreAction[] actions) =>
            state = state.Apply(new StoreEntry(now, [.. actions]), state.LastIndex + 1).State;
        Do(
            Node(node), Node(other),
            new StoreAction.CreateService(web, OneManager.Create("web").Spec)
            {
                Registry = new RegistryLogin("registry.test", "ci", Canary),
            });
        foreach (var (id, reached) in new[] { ("t1", TaskState.Assigned), ("t2", TaskState.Running) })
        {
            Do(new StoreAction.CreateTask(new TaskRecord
            {
                Id = new TaskId(id), ServiceId = web, SpecVersion = state.Services[web].SpecVersion, Slot = 1,
                NodeId = node, DesiredState = TaskState.Running, CreatedAt = now,
                Status = new TaskStatusRecord { State = TaskState.Assigned, At = now },
            }));
            Do(new StoreAction.ReportTaskStatus(new TaskId(id), new TaskStatusRecord { State = reached, At = now }));
        }

        var core = new DispatcherCore(state, now);
        core.Open(node, new Hello { NodeAddress = "10.0.0.1" }, [], now);
        core.Open(other, new Hello { NodeAddress = "10.0.0.2" }, [], now);
        var sent = core.TakeOutput().Select(o => o.Message).OfType<SessionResponse>().ToList();
        var tasks = sent.SelectMany(m => m.Assignments?.Tasks ?? []).ToDictionary(t => t.Id);
        Assert.Equal(Canary, tasks["t1"].Registries.Single().Password);
        Assert.Empty(tasks["t2"].Registries);
        Assert.Single(sent, m => m.ToByteArray().AsSpan().IndexOf("canary-registry"u8) >= 0);
    }

    private static StoreAction.CreateNode Node(NodeId id) => new(new NodeRecord
    {
        Id = id, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
        State = NodeStatus.Types.State.Ready,
    });
}
