using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>One reader and several nodes: order, nodes that are away or break off, tasks that come later.</summary>
public sealed class LogReadingTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ServiceId Web = new("web".PadLeft(25, '0'));
    private static readonly NodeId N1 = new("n1".PadLeft(25, '0'));
    private static readonly NodeId N2 = new("n2".PadLeft(25, '0'));
    private static readonly NodeId N3 = new("n3".PadLeft(25, '0'));
    private readonly ClusterStore _store = new(TimeProvider.System);
    private readonly Dictionary<NodeId, Channel<LogSubscription>> _orders = [];
    private readonly ConcurrentDictionary<NodeId, bool> _away = new();
    private readonly Dictionary<NodeId, Task> _ready = [];
    private readonly LogBroker _broker;
    private readonly CancellationTokenSource _end = new(TimeSpan.FromSeconds(30));
    private ulong _index;

    public LogReadingTests()
    {
        foreach (var node in new[] { N1, N2, N3 })
        {
            _orders[node] = Channel.CreateUnbounded<LogSubscription>();
            Do(new StoreAction.CreateNode(new NodeRecord
            {
                Id = node, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
                Description = new NodeDescription { Hostname = node.Value.TrimStart('0') },
                State = NodeStatus.Types.State.Ready,
            }));
        }

        _broker = new LogBroker(_store, async (node, message) =>
        {
            if (_away.ContainsKey(node))
            {
                return false;
            }

            await _ready.GetValueOrDefault(node, Task.CompletedTask);
            _orders[node].Writer.TryWrite(message.Logs);
            return true;
        });
    }

    [Fact]
    public async Task Nodes_are_merged_an_empty_log_ends_nobody_elses_and_a_node_that_is_away_is_a_warning()
    {
        Create("");
        Give("t1", N1);
        Give("t2", N2);
        Give("t3", N3);
        Give("t4", N3, TaskState.Assigned);
        _away[N2] = true;
        var reading = ReadAsync(follow: false);
        var (one, three) = (await OrderAsync(N1), await OrderAsync(N3));
        Assert.Equal(["t3"], three.TaskIds);
        await AnswerAsync(N3, three);
        await AnswerAsync(N1, one, ("t1", 30), ("t1", 50));
        var got = await reading;
        Assert.Equal(["warning: n2", "t1 30", "t1 50"], got);
    }

    [Fact]
    public async Task Lines_of_two_nodes_come_by_time()
    {
        Create("");
        Give("t1", N1);
        Give("t2", N2);
        // One is through before the other can be asked.
        var ready = new TaskCompletionSource();
        _ready[N2] = ready.Task;
        var reading = ReadAsync(follow: false);
        await AnswerAsync(N1, await OrderAsync(N1), ("t1", 30), ("t1", 50));
        ready.SetResult();
        await AnswerAsync(N2, await OrderAsync(N2), ("t2", 20), ("t2", 40), ("t2", 60));
        Assert.Equal(["t2 20", "t1 30", "t2 40", "t1 50", "t2 60"], await reading);
    }

    [Fact]
    public async Task Who_follows_gets_tasks_that_come_and_the_rest_of_a_node_that_broke_off()
    {
        Create("");
        Give("t1", N1);
        var reading = ReadAsync(follow: true);
        var first = await OrderAsync(N1);
        Assert.Equal((3, true), (first.Tail, first.Follow));
        await Assert.ThrowsAsync<IOException>(() => AnswerAsync(
            N1, first, () => throw new IOException("the node is gone"), ("t1", 1000)));
        var again = await OrderAsync(N1, "t1");
        Assert.Equal(new LogPlace { TaskId = "t1", AtNs = 1000, Nth = 1 }, again.Places.Single());
        Give("t2", N2);
        var second = await OrderAsync(N2);
        Assert.Equal((-1, "t2"), (second.Tail, second.TaskIds.Single()));
        Do(new StoreAction.RemoveService(Web));
        await AnswerAsync(N2, second, ("t2", 5000));
        await AnswerAsync(N1, again, ("t1", 6000));
        Assert.Equal(["t1 1000", "t1 6000", "t2 5000", "warning: n1"], (await reading).Order());
    }

    [Fact]
    public async Task Who_comes_from_another_leader_goes_on_where_he_was()
    {
        Create("");
        Give("t1", N1);
        Give("t2", N1);
        var place = new LogPlace { TaskId = "t1", AtNs = 1000, Nth = 7, Stderr = true };
        var reading = ReadAsync(follow: true, place);
        var order = await OrderAsync(N1);
        Assert.Equal((3, place), (order.Tail, order.Places.Single()));
        Assert.Equal(["t1", "t2"], order.TaskIds.Order());
        await Assert.ThrowsAsync<IOException>(() => AnswerAsync(
            N1, order, () => throw new IOException("the node is gone"), ("t2", 2000)));
        var again = await OrderAsync(N1);
        Assert.Equal(
            [place, new LogPlace { TaskId = "t2", AtNs = 2000, Nth = 1 }], again.Places.OrderBy(p => p.TaskId));
        Do(new StoreAction.RemoveService(Web));
        await AnswerAsync(N1, again, ("t1", 6000));
        Assert.Equal(["t1 6000", "t2 2000", "warning: n1"], (await reading).Order());
    }

    [Fact]
    public async Task What_is_not_kept_is_refused_by_the_name_of_its_driver()
    {
        Create(LogRules.None);
        var empty = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(follow: true));
        Assert.Equal(RpcStatusCode.FailedPrecondition, empty.Code);
        Give("t1", N1);
        var refused = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(follow: false));
        Assert.Contains("service web keeps no logs: its log driver is 'none'", refused.Message);
        Do(new StoreAction.UpdateServiceSpec(Web, 0, Spec("")));
        Give("t2", N2);
        var reading = ReadAsync(follow: false);
        await AnswerAsync(N2, await OrderAsync(N2), ("t2", 20));
        Assert.Equal(["warning: ", "t2 20"], await reading);
    }

    [Fact]
    public async Task A_node_answers_only_for_what_it_was_asked()
    {
        Create("");
        Give("t1", N1);
        var reading = ReadAsync(follow: false);
        var order = await OrderAsync(N1);
        var foreign = await Assert.ThrowsAsync<RpcException>(() => AnswerAsync(N2, order, ("t1", 1)));
        Assert.Equal(RpcStatusCode.Cancelled, foreign.Code);
        var other = await Assert.ThrowsAsync<RpcException>(() => AnswerAsync(N1, order, ("t2", 1)));
        Assert.Equal(RpcStatusCode.PermissionDenied, other.Code);
        Assert.Equal(["warning: n1"], await reading);
    }

    private async Task<List<string>> ReadAsync(bool follow, params LogPlace[] places)
    {
        var scope = new LogScope(new HashSet<ServiceId> { Web }, new HashSet<TaskId>());
        var request = new ServiceLogsRequest { Follow = follow, Tail = follow ? 3 : -1, Places = { places } };
        var lines = _broker.ReadAsync(scope, request, _end.Token);
        return await lines.Select(l => l.Warning.Length > 0
            ? $"warning: {l.NodeId.TrimStart('0')}"
            : $"{l.TaskId} {l.AtNs}").ToListAsync(_end.Token);
    }

    private async Task<LogSubscription> OrderAsync(NodeId node, string? task = null)
    {
        await foreach (var order in _orders[node].Reader.ReadAllAsync(_end.Token))
        {
            if (!order.Cancel && (task is null || order.TaskIds.Contains(task)))
            {
                return order;
            }
        }

        throw new InvalidOperationException("no order came");
    }

    private Task AnswerAsync(NodeId node, LogSubscription order, params (string Task, long AtNs)[] lines) =>
        AnswerAsync(node, order, static () => { }, lines);

    private Task AnswerAsync(
        NodeId node, LogSubscription order, Action after, params (string Task, long AtNs)[] lines) =>
        _broker.TakeAsync(node, Lines(order.SubscriptionId, lines, after), _end.Token);

    private static async IAsyncEnumerable<PublishLogsRequest> Lines(
        string id, (string Task, long AtNs)[] lines, Action after)
    {
        yield return new PublishLogsRequest { SubscriptionId = id };
        foreach (var (task, at) in lines)
        {
            await Task.Yield();
            yield return new PublishLogsRequest
            {
                SubscriptionId = id, TaskId = task, AtNs = at, Line = ByteString.CopyFromUtf8("x"), Nth = 1,
            };
        }

        after();
    }

    private void Create(string driver) => Do(new StoreAction.CreateService(Web, Spec(driver)));

    private static ServiceSpec Spec(string driver)
    {
        var spec = OneManager.Create("web").Spec;
        spec.Task.LogDriver = driver.Length > 0 ? new LogDriver { Name = driver } : null;
        return spec;
    }

    private void Give(string id, NodeId node, TaskState state = TaskState.Running)
    {
        Do(new StoreAction.CreateTask(new TaskRecord
        {
            Id = new TaskId(id), ServiceId = Web, SpecVersion = _store.Current.Services[Web].SpecVersion, Slot = 1,
            NodeId = node, DesiredState = TaskState.Running, CreatedAt = Now,
            Status = new TaskStatusRecord { State = TaskState.Assigned, At = Now },
        }));
        Do(new StoreAction.ReportTaskStatus(new TaskId(id), new TaskStatusRecord { State = state, At = Now }));
    }

    private void Do(StoreAction action)
    {
        var result = (ApplyResult)_store.Apply(++_index, 1, EntryCodec.Encode(StoreEntry.Of(Now, action)))!;
        Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
    }
}
