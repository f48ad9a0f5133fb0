using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Records as answers: with names and counts that only a whole state knows, without anything secret.</summary>
internal static class Answers
{
    internal static ServiceView Service(ClusterState state, ServiceRecord record)
    {
        var view = Views.ToView(record);
        view.KeptSpecs.Clear();
        var tasks = state.TasksOf(record.Id);
        view.RunningTasks = (ulong)state.RunningTasks(record.Id);
        if (record.IsJob)
        {
            CountJob(view, record, tasks);
            return view;
        }

        view.DesiredTasks = record.IsGlobal
            ? (ulong)tasks.Where(t => t.IsWanted).Select(t => t.NodeId).Distinct().Count()
            : record.Spec.Replicas();
        return view;
    }

    private static void CountJob(ServiceView view, ServiceRecord record, IEnumerable<TaskRecord> tasks)
    {
        var current = tasks.Where(t => t.SpecVersion >= record.JobSpecVersion).ToList();
        view.CompletedTasks = (ulong)current.Where(t => t.Status.State == TaskState.Complete)
            .Select(t => t.Key).Distinct().Count();
        var open = (ulong)current.Where(t => t.IsLive).Select(t => t.Key).Distinct().Count();
        view.DesiredTasks = record.IsGlobal ? open : record.Spec.MaxConcurrent();
        view.TotalCompletions = record.IsGlobal ? open + view.CompletedTasks : record.Spec.TotalCompletions();
    }

    internal static TaskView Task(ClusterState state, TaskRecord record)
    {
        var view = Views.ToView(record);
        var service = state.Services.Get(record.ServiceId);
        view.Name = TaskNames.Of(service?.Spec.Name ?? record.ServiceId.Value, record);
        view.NodeHostname = record.NodeId.IsNone
            ? ""
            : state.Nodes.Get(record.NodeId)?.Hostname ?? record.NodeId.Value;
        if (service is not null && service.KeptSpecs.TryGetValue(record.SpecVersion, out var spec))
        {
            view.Spec = spec.Task;
        }

        return view;
    }

    /// <summary>What a config holds is for everybody who may ask; what a secret holds, for nobody.</summary>
    internal static PayloadView Payload(PayloadRecord record)
    {
        var view = Views.ToView(record);
        if (record.Kind == PayloadKind.Config)
        {
            view.Data = record.Data;
        }

        return view;
    }

    internal static NodeView Node(NodeRecord record, IReadOnlyList<ManagerMember> managers)
    {
        var view = Views.ToView(record);
        view.Spec = record.Spec.Clone();
        view.Spec.Role = record.DesiredRole == NodeRole.Manager
            ? NodeSpec.Types.Role.Manager
            : NodeSpec.Types.Role.Worker;
        if (managers.FirstOrDefault(m => m.Node == record.Id) is { } member)
        {
            view.ManagerStatus = new ManagerStatus
            {
                Leader = member.IsLeader, Reachable = member.IsReachable, Address = member.Address,
            };
        }

        return view;
    }
}

/// <summary>What Raft knows of one manager.</summary>
internal sealed record ManagerMember(NodeId Node, string Address, bool IsLeader, bool IsReachable);
