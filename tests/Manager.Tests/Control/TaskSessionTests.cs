using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Tests.Control;

/// <summary>Conversations with tasks through a real manager: who finds whom, who may not, and how they end.</summary>
public sealed class TaskSessionTests : IAsyncLifetime
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(30);
    private static readonly NodeId Caller = new("abcdefghijklmnopqrstuvwxy");
    private static readonly NodeId Worker = new("bbcdefghijklmnopqrstuvwxy");
    private static readonly NodeId Stranger = new("cbcdefghijklmnopqrstuvwxy");
    private static readonly RpcMethod<TaskSessionRequest, TaskSessionResponse> Method =
        RpcMethod<TaskSessionRequest, TaskSessionResponse>.Of(ControlReflection.Descriptor.Services[0], "TaskSession");

    private OneManager _one = null!;
    private RpcChannel _channel = null!;
    private FakeNode _worker = null!;

    public async Task InitializeAsync()
    {
        _one = await OneManager.StartListeningAsync();
        await OneManager.UntilAsync(() => _one.Node.Session is not null);
        foreach (var (node, role) in new[] { (Caller, NodeRole.Manager), (Worker, NodeRole.Worker),
            (Stranger, NodeRole.Worker) })
        {
            await _one.Node.Session!.Proposer.CommandAsync(NewNodes.Create(node, role, new NodeSpec()), default);
        }

        var identity = _one.Issue(Caller, CertificateRole.Manager);
        _channel = RpcChannel.ForTcp(
            "127.0.0.1", _one.Port, () => TlsSettings.Client(identity, PeerExpectation.AnyManager, PeerChecks.None));
        _worker = await FakeNode.ConnectAsync(_one, Worker, "w1");
        await OneManager.UntilAsync(() => _one.Node.State.Nodes[Worker].IsSchedulable);
        await _channel.UnaryAsync(
            RpcMethod<CreateServiceRequest, CreateServiceResponse>.Of(
                ControlReflection.Descriptor.Services[0], "CreateService"),
            OneManager.Create("web"));
        await OneManager.UntilAsync(() => _one.Node.State.Tasks.Values.Any(t => t.Status.State == TaskState.Running));
    }

    public async Task DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _channel.DisposeAsync();
        await _one.Node.DisposeAsync();
        await _one.DisposeAsync();
    }

    [Fact]
    public async Task What_is_said_goes_both_ways_until_the_tasks_side_ends_it()
    {
        await using var call = await OpenAsync("web.1");
        var order = await _worker.OrderAsync();
        Assert.Equal(Running().Id.Value, order.TaskId);
        await using var node = await _worker.JoinAsync(order.SessionId);
        await using var heard = node.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await heard.MoveNextAsync());
        Assert.Equal((order.TaskId, "id"), (heard.Current.Open.Task, heard.Current.Open.Exec.Args.Single()));
        await call.WriteAsync(new TaskSessionRequest { Data = ByteString.CopyFromUtf8("typed") });
        Assert.True(await heard.MoveNextAsync());
        Assert.Equal("typed", heard.Current.Data.ToStringUtf8());
        await node.WriteAsync(new TaskSessionResponse { Output = ByteString.CopyFromUtf8("said") });
        await node.WriteAsync(new TaskSessionResponse { End = new TaskSessionEnd { ExitCode = 7 } });
        var answers = await call.ReadAllAsync().ToListAsync().AsTask().WaitAsync(AtMost);
        Assert.Equal(("said", 7), (answers[0].Output.ToStringUtf8(), answers[1].End.ExitCode));
        Assert.False(await heard.MoveNextAsync().AsTask().WaitAsync(AtMost));
    }

    [Fact]
    public async Task Another_node_cannot_take_it_and_nobody_twice()
    {
        await using var stranger = await FakeNode.ConnectAsync(_one, Stranger, "x");
        await using var call = await OpenAsync(Running().Id.Value[..9]);
        var order = await _worker.OrderAsync();
        foreach (var (who, id) in new[] { (stranger, order.SessionId), (_worker, "0"), (_worker, "") })
        {
            Assert.Equal(RpcStatusCode.NotFound, (await RefusedAsync(who, id)).Code);
        }

        await using var node = await _worker.JoinAsync(order.SessionId);
        await node.WriteAsync(new TaskSessionResponse
        {
            End = new TaskSessionEnd { Refused = true, Failure = "container does not run" },
        });
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => call.ReadAllAsync().ToListAsync().AsTask().WaitAsync(AtMost));
        Assert.Equal((RpcStatusCode.FailedPrecondition, "container does not run"), (refused.Code, refused.Message));
        Assert.Equal(RpcStatusCode.NotFound, (await RefusedAsync(_worker, order.SessionId)).Code);
    }

    [Fact]
    public async Task When_the_caller_goes_the_node_hears_it_and_the_other_way_round()
    {
        var call = await OpenAsync($"web.1.{Running().Id.Value}");
        await using (var node = await _worker.JoinAsync((await _worker.OrderAsync()).SessionId))
        {
            await using var heard = node.ReadAllAsync().GetAsyncEnumerator();
            Assert.True(await heard.MoveNextAsync());
            await call.DisposeAsync();
            await Assert.ThrowsAnyAsync<Exception>(async () => Assert.True(
                await heard.MoveNextAsync().AsTask().WaitAsync(AtMost)));
        }

        await using var second = await OpenAsync("web.1");
        var lost = await _worker.JoinAsync((await _worker.OrderAsync()).SessionId);
        await lost.WriteAsync(new TaskSessionResponse { Output = ByteString.CopyFromUtf8("a") });
        await using var answers = second.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await answers.MoveNextAsync());
        await lost.DisposeAsync();
        var gone = await Assert.ThrowsAsync<RpcException>(
            () => answers.MoveNextAsync().AsTask().WaitAsync(AtMost));
        Assert.Equal(RpcStatusCode.Unavailable, gone.Code);
        Assert.Contains("node w1", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_not_there_is_said_in_one_line()
    {
        foreach (var name in new[] { "nosuch", "web.9", "web.1.zzz", "nosuch.1", "" })
        {
            Assert.Equal(RpcStatusCode.NotFound, (await EndAsync(name)).Code);
        }

        await _worker.DisposeAsync();
        await OneManager.UntilAsync(() => _one.Node.State.Nodes[Worker].State != NodeStatus.Types.State.Ready);
        var down = await EndAsync(Running().Id.Value);
        Assert.Equal(RpcStatusCode.Unavailable, down.Code);
        Assert.Contains("node w1", down.Message, StringComparison.Ordinal);
        await _one.Node.Session!.Proposer.CommandAsync(new StoreAction.RemoveNode(Stranger), default);
    }

    [Fact]
    public async Task A_worker_may_not_begin_one()
    {
        var identity = _one.Issue(Worker, CertificateRole.Worker);
        await using var channel = RpcChannel.ForTcp(
            "127.0.0.1", _one.Port, () => TlsSettings.Client(identity, PeerExpectation.AnyManager, PeerChecks.None));
        await using var call = channel.Duplex(Method);
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => call.ReadAllAsync().ToListAsync().AsTask().WaitAsync(AtMost));
        Assert.Equal(RpcStatusCode.PermissionDenied, refused.Code);
    }

    private TaskRecord Running() => _one.Node.State.Tasks.Values.First(t => t.Status.State == TaskState.Running);

    private async Task<DuplexCall<TaskSessionRequest, TaskSessionResponse>> OpenAsync(string task)
    {
        var call = _channel.Duplex(Method);
        await call.WriteAsync(new TaskSessionRequest
        {
            Open = new OpenTaskSession { Task = task, Exec = new ExecWork { Args = { "id" } } },
        });
        return call;
    }

    private async Task<RpcException> EndAsync(string task)
    {
        await using var call = await OpenAsync(task);
        return await Assert.ThrowsAsync<RpcException>(
            () => call.ReadAllAsync().ToListAsync().AsTask().WaitAsync(AtMost));
    }

    private static async Task<RpcException> RefusedAsync(FakeNode node, string session)
    {
        await using var call = await node.JoinAsync(session);
        return await Assert.ThrowsAsync<RpcException>(
            () => call.ReadAllAsync().ToListAsync().AsTask().WaitAsync(AtMost));
    }
}
