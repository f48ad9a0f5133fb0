using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// What a step means to a person: docker's events of services and nodes, and tasks besides. It follows from the step
/// alone, so every manager tells the same of a revision.
/// </summary>
internal static class StateEvents
{
    /// <summary>All of a step, in the order of its changes: secrets and configs, services, nodes, tasks.</summary>
    internal static IEnumerable<Event> Of(StateStep step) => step.Changes.Payloads.Select(Payload)
        .Concat(step.Changes.Services.Select(Service))
        .Concat(step.Changes.Nodes.Select(Node))
        .Concat(step.Changes.Tasks.Select(t => Task(step, t)))
        .OfType<Event>()
        .Select(e =>
        {
            e.AtNs = Timestamps.ToNs(step.At);
            return e;
        });

    /// <summary>Its name and nothing of what it holds.</summary>
    private static Event? Payload(Change<PayloadRecord> change)
    {
        var one = (change.After ?? change.Before)!;
        return New(one.Kind.Word(), change.Before, change.After, one.Id.Value, one.Spec.Name);
    }

    /// <summary>Removed is what a user has removed; that its last task is gone some time later is no event.</summary>
    private static Event? Service(Change<ServiceRecord> change)
    {
        var (before, after) = (change.Before, change.After);
        if (after is null || before?.Version == after.Version || before is { Removing: true })
        {
            return null;
        }

        var e = New("service", before, after.Removing ? null : after, after.Id.Value, after.Spec.Name);
        if (e.Action == "update")
        {
            Differ(e, "replicas", Replicas(before!), Replicas(after));
            Differ(e, "image", Image(before!), Image(after));
            Differ(e, "updatestate", State(before!.Update), State(after.Update));
        }

        return e;
    }

    private static Event? Node(Change<NodeRecord> change)
    {
        var (before, after) = (change.Before, change.After);
        var one = (after ?? before)!;
        var e = New("node", before, after, one.Id.Value, one.Hostname);
        if (e.Action == "update")
        {
            Differ(e, "state", Lower(before!.State), Lower(after!.State));
            Differ(e, "availability", Lower(before.Availability), Lower(after.Availability));
            Differ(e, "role", Lower(before.Role), Lower(after.Role));
        }

        return e;
    }

    private static Event Task(StateStep step, Change<TaskRecord> change)
    {
        var (before, after) = (change.Before, change.After);
        var task = (after ?? before)!;
        var service = ServiceName(step, task.ServiceId);
        var e = New("task", before, after, task.Id.Value, TaskNames.Of(service, task));
        e.Attributes["service.id"] = task.ServiceId.Value;
        e.Attributes["service.name"] = service;
        if (!task.NodeId.IsNone)
        {
            e.Attributes["node.id"] = task.NodeId.Value;
            e.Attributes["node.name"] = step.State.Nodes.Get(task.NodeId)?.Hostname ?? task.NodeId.Value;
        }

        if (after is not null)
        {
            Differ(e, "state", before is null ? "" : Lower(before.Status.State), Lower(after.Status.State));
            Differ(e, "desiredstate", before is null ? "" : Lower(before.DesiredState), Lower(after.DesiredState));
            Differ(e, "exitcode", Code(before), Code(after));
            Differ(e, "error", before?.Status.Error ?? "", after.Status.Error);
        }

        return e;
    }

    /// <summary>The last tasks of a service often go in the entry that deletes it.</summary>
    private static string ServiceName(StateStep step, ServiceId id) =>
        (step.State.Services.Get(id) ?? step.Changes.Services.FirstOrDefault(c => c.Before?.Id == id).Before)
            ?.Spec.Name ?? id.Value;

    private static Event New(string type, object? before, object? after, string id, string name) => new()
    {
        Type = type,
        Action = before is null ? "create" : after is null ? "remove" : "update",
        Id = id,
        Attributes = { ["name"] = name },
    };

    /// <summary>Docker's way: NAME.old and NAME.new, each only when there is one.</summary>
    private static void Differ(Event e, string name, string before, string after)
    {
        if (before == after)
        {
            return;
        }

        if (before.Length > 0)
        {
            e.Attributes[name + ".old"] = before;
        }

        if (after.Length > 0)
        {
            e.Attributes[name + ".new"] = after;
        }
    }

    private static string Replicas(ServiceRecord service) =>
        service.IsGlobal ? "" : service.Spec.Replicas().ToString(CultureInfo.InvariantCulture);

    private static string Image(ServiceRecord service) => service.Spec.Task?.Container?.Image ?? "";

    private static string State(UpdateStatusRecord? update) => update?.State switch
    {
        UpdateStatus.Types.State.Updating => "updating",
        UpdateStatus.Types.State.Paused => "paused",
        UpdateStatus.Types.State.Completed => "completed",
        UpdateStatus.Types.State.RollbackStarted => "rollback_started",
        UpdateStatus.Types.State.RollbackPaused => "rollback_paused",
        UpdateStatus.Types.State.RollbackCompleted => "rollback_completed",
        _ => "",
    };

    private static string Code(TaskRecord? task) =>
        task?.Status.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
