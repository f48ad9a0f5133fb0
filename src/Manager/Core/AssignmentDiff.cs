using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// What a node has to be told so that it has what the state says: all of its tasks for a new session, afterwards only
/// tasks that changed in a way that matters to a node. Ended tasks stay assigned until the reaper deletes them, so
/// that their logs stay.
/// </summary>
internal static class AssignmentDiff
{
    /// <summary>Everything of a node; the session notes what it was sent.</summary>
    internal static Assignments Complete(ClusterState state, NodeSession session, WithdrawGate gate)
    {
        var message = new Assignments { Complete = true };
        session.Sent.Clear();
        foreach (var task in state.TasksOn(session.Node).OrderBy(t => t.Id))
        {
            Add(state, session, gate, task, message);
        }

        session.HasComplete = true;
        return message;
    }

    /// <summary>
    /// What a node should watch while the swarm observes: tasks as the state knows them, none to be stopped. Nothing
    /// counts as sent: the end of the observation sends everything.
    /// </summary>
    internal static Assignments Observed(ClusterState state, NodeSession session)
    {
        var message = new Assignments { Complete = true, Observe = true };
        session.Sent.Clear();
        foreach (var task in state.TasksOn(session.Node).OrderBy(t => t.Id))
        {
            var desired = task.DesiredState < TaskState.Running ? task.DesiredState : TaskState.Running;
            var lives = task.Status.State >= TaskState.Assigned && !task.Status.State.IsTerminal();
            if (lives && Describe(state, task, desired) is { } assigned)
            {
                message.Tasks.Add(assigned);
            }
        }

        return message;
    }

    /// <summary>The difference for the given tasks; null when the node needs nothing.</summary>
    internal static Assignments? Incremental(
        ClusterState state, NodeSession session, WithdrawGate gate, IEnumerable<TaskId> candidates)
    {
        var message = new Assignments();
        foreach (var id in candidates)
        {
            var task = state.Tasks.Get(id);
            if (task is not null && task.NodeId == session.Node)
            {
                Add(state, session, gate, task, message);
            }
            else if (task is null && session.Sent.Remove(id))
            {
                message.RemovedTaskIds.Add(id.Value);
            }
        }

        return message.Tasks.Count + message.RemovedTaskIds.Count == 0 ? null : message;
    }

    private static void Add(
        ClusterState state, NodeSession session, WithdrawGate gate, TaskRecord task, Assignments message)
    {
        if (task.Status.State < TaskState.Assigned)
        {
            return;
        }

        var desired = !task.IsWanted && gate.Holds(task.Id)
            ? TaskState.Running
            : task.DesiredState;
        if (session.Sent.TryGetValue(task.Id, out var sent) && sent == desired)
        {
            return;
        }

        if (Describe(state, task, desired) is { } assigned)
        {
            session.Sent[task.Id] = desired;
            message.Tasks.Add(assigned);
        }
    }

    private static AssignedTask? Describe(ClusterState state, TaskRecord task, TaskState desired)
    {
        if (state.Services.Get(task.ServiceId) is not { } service
            || !service.KeptSpecs.TryGetValue(task.SpecVersion, out var spec))
        {
            return null;
        }

        var assigned = new AssignedTask
        {
            Id = task.Id.Value,
            ServiceId = service.Id.Value,
            ServiceName = spec.Name,
            Slot = task.Slot,
            Name = $"{TaskNames.Of(spec.Name, task)}.{task.Id}",
            DesiredState = (int)desired,
            Spec = spec.Task,
            NodeHostname = state.Nodes.Get(task.NodeId)?.Hostname ?? task.NodeId.Value,
            ObservedState = (int)task.Status.State,
        };
        assigned.ServiceLabels.Add(spec.Labels);
        assigned.HostPorts.Add(task.HostPorts);
        assigned.Generic.Add(task.Generic);
        if (task.IsLive && task.Status.State < TaskState.Ready)
        {
            assigned.Registries.Add(service.Registries.Select(r => r.ToMessage()));
        }

        assigned.IngressTcpPorts.Add((spec.Endpoint?.Ports ?? [])
            .Where(p => p.IsIngress() && p.Protocol != PortConfig.Types.Protocol.Udp).Select(p => p.TargetPort));
        return assigned;
    }
}
