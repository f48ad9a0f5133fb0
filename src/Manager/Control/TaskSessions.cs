using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Finds the task that a conversation is for and hands over to its node, on the leader.</summary>
internal sealed class TaskSessions(LeaderContext leader)
{
    internal async Task RunAsync(
        IAsyncEnumerable<TaskSessionRequest> requests, IResponseStream<TaskSessionResponse> responses,
        CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, leader.Session.Leading);
        await using var said = requests.GetAsyncEnumerator(ending.Token);
        if (!await said.MoveNextAsync().ConfigureAwait(false)
            || said.Current.Open is not { WorkCase: not OpenTaskSession.WorkOneofCase.None } open)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, "a conversation begins with what it is for");
        }

        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var task = Find(state, open.Task);
        Require(state, task, open.Task);
        try
        {
            await leader.Session.Conversations.RunAsync(task, open, said, responses, ending)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (leader.Session.Leading.IsCancellationRequested)
        {
            throw new RpcException(RpcStatusCode.Unavailable, "the leader changed, which ended the conversation");
        }
    }

    /// <summary>
    /// A whole id, the beginning of one, "web.1" (the task that runs in the slot, else its newest), "web.1.ID", or
    /// "agent.NODE" of a global service.
    /// </summary>
    internal static TaskRecord Find(ClusterState state, string reference)
    {
        if (state.Tasks.Get(new TaskId(reference)) is { } exact)
        {
            return exact;
        }

        for (var dot = reference.LastIndexOf('.'); dot > 0; dot = reference.LastIndexOf('.', dot - 1))
        {
            if (state.FindService(reference[..dot]) is { } service
                && InSlot(state, service, reference[(dot + 1)..].Split('.')) is { } named)
            {
                return named;
            }
        }

        return References.Task(state, reference);
    }

    private static TaskRecord? InSlot(ClusterState state, ServiceRecord service, string[] rest) => state
        .TasksOf(service.Id)
        .Where(t => rest.Length <= 2 && IsSlot(state, t, rest[0])
            && (rest.Length == 1 || (rest[1].Length > 0 && t.Id.Value.StartsWith(rest[1], StringComparison.Ordinal))))
        .OrderByDescending(t => t.Status.State == TaskState.Running)
        .ThenByDescending(t => t.CreatedAt).ThenBy(t => t.Id)
        .FirstOrDefault();

    private static bool IsSlot(ClusterState state, TaskRecord task, string slot) => task.Slot == 0
        ? !task.NodeId.IsNone
            && (task.NodeId.Value == slot || state.Nodes.Get(task.NodeId)?.Hostname == slot)
        : task.Slot.ToString(CultureInfo.InvariantCulture) == slot;

    private static void Require(ClusterState state, TaskRecord task, string reference)
    {
        // Starting: it runs, and is not yet found healthy; that may be why somebody wants to look.
        if (task.Status.State is not (TaskState.Running or TaskState.Starting) || task.NodeId.IsNone)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"task {reference} is not running: it is {task.Status.State.ToString().ToLowerInvariant()}");
        }

        if (state.Nodes.Get(task.NodeId) is { State: not NodeStatus.Types.State.Ready } node)
        {
            throw new RpcException(
                RpcStatusCode.Unavailable,
                $"node {node.Hostname}, which task {reference} runs on, is down or does not answer");
        }
    }
}
