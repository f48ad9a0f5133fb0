using System.Threading.Channels;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Streams of the control service, on the leader.</summary>
internal sealed class Watches(LeaderContext leader)
{
    /// <summary>
    /// A picture of a service with many tasks costs the leader much: it rests for so many times as long afterwards.
    /// </summary>
    private const int RestFactor = 4;

    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Pictures of one service: the first at once, then the newest after each change; a slow reader skips pictures
    /// but always gets the last.
    /// </summary>
    internal async Task ServiceAsync(
        WatchServiceRequest request, IResponseStream<WatchServiceResponse> responses, CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, leader.Session.Leading);
        var id = References.Service(await leader.FreshStateAsync(ct).ConfigureAwait(false), request.Ref).Id;
        var newest = Channel.CreateBounded<ClusterState>(new BoundedChannelOptions(1)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
        });
        using var subscription = leader.Store.Subscribe(
            step =>
            {
                if (Concerns(step, id))
                {
                    newest.Writer.TryWrite(step.State);
                }
            },
            out var now);
        newest.Writer.TryWrite(now);
        try
        {
            await foreach (var state in newest.Reader.ReadAllAsync(ending.Token).ConfigureAwait(false))
            {
                var began = leader.Store.Clock.GetTimestamp();
                var picture = Picture(state, id);
                await responses.WriteAsync(picture, ending.Token).ConfigureAwait(false);
                if (picture.Service is null)
                {
                    return;
                }

                var rest = leader.Store.Clock.GetElapsedTime(began) * RestFactor;
                await Task.Delay(rest < LongestRest ? rest : LongestRest, ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new RpcException(RpcStatusCode.Unavailable, "the leader changed; watch again");
        }
    }

    internal async Task LogsAsync(
        ServiceLogsRequest request, IResponseStream<ServiceLogsResponse> responses, CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, leader.Session.Leading);
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var lines = leader.Session.Logs.ReadAsync(Scope(state, request.Refs), request, ending.Token);
        try
        {
            await foreach (var line in lines.ConfigureAwait(false))
            {
                await responses.WriteAsync(line, ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new RpcException(RpcStatusCode.Unavailable, "the leader changed; read on after the last line");
        }
    }

    private static LogScope Scope(ClusterState state, IEnumerable<string> references)
    {
        var services = new HashSet<ServiceId>();
        var tasks = new HashSet<TaskId>();
        foreach (var reference in references)
        {
            try
            {
                services.Add(References.Service(state, reference).Id);
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.NotFound)
            {
                tasks.Add(TaskOf(state, reference));
            }
        }

        return new LogScope(services, tasks);
    }

    private static TaskId TaskOf(ClusterState state, string reference)
    {
        try
        {
            return References.Task(state, reference).Id;
        }
        catch (RpcException inner) when (inner.Code == RpcStatusCode.NotFound)
        {
            throw new RpcException(RpcStatusCode.NotFound, $"no such task or service: {reference}");
        }
    }

    private static bool Concerns(StateStep step, ServiceId id) =>
        step.Changes.Nodes.Length > 0
        || step.Changes.Services.Any(s => (s.After ?? s.Before)!.Id == id)
        || step.Changes.Tasks.Any(t => (t.After ?? t.Before)!.ServiceId == id);

    private static ulong EligibleNodes(ClusterState state, ServiceRecord service)
    {
        var rules = PlacementRules.Of(service.Spec);
        return (ulong)state.Nodes.Values.Count(n => n.IsSchedulable && rules.Admits(n));
    }

    private static WatchServiceResponse Picture(ClusterState state, ServiceId id)
    {
        var picture = new WatchServiceResponse();
        if (state.Services.Get(id) is not { Removing: false } service)
        {
            return picture;
        }

        var fit = new TaskFit(service);
        picture.Service = Answers.Service(state, service);
        foreach (var task in state.TasksOf(id).OrderBy(t => t.Slot).ThenBy(t => t.NodeId).ThenBy(t => t.CreatedAt)
            .ThenBy(t => t.Id))
        {
            var view = Answers.Task(state, task);
            view.Outdated = fit.IsOutdated(task, task.NodeId.IsNone ? null : state.Nodes.Get(task.NodeId));
            picture.Tasks.Add(view);
        }

        picture.EligibleNodes = EligibleNodes(state, service);
        return picture;
    }
}
