using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// Assignments with the secrets and configs that they need: these come before the first task that names them, go
/// after the last one, and to no other node.
/// </summary>
internal static class AssignmentMessages
{
    /// <summary>A message ends with the payload that passes this size, in bytes; a message is 4 MiB at most.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>For a new session, or at the end of an observation.</summary>
    internal static IEnumerable<SessionResponse> All(
        ClusterState state, NodeSession session, WithdrawGate gate, bool observing)
    {
        if (observing)
        {
            return [new SessionResponse { Assignments = AssignmentDiff.Observed(state, session) }];
        }

        session.Payloads = new PayloadUse();
        var needed = new SortedSet<PayloadId>();
        foreach (var task in state.TasksOn(session.Node))
        {
            session.Payloads.Set(task.Id, Needs(state, session.Node, task), needed);
        }

        var assignments = AssignmentDiff.Complete(state, session, gate);
        return [.. Sent(state, needed, complete: true), new SessionResponse { Assignments = assignments }];
    }

    /// <summary>For tasks that changed; nothing when the node needs nothing.</summary>
    internal static IEnumerable<SessionResponse> Of(
        ClusterState state, NodeSession session, WithdrawGate gate, IReadOnlyList<TaskId> tasks)
    {
        var changed = new SortedSet<PayloadId>();
        var had = new HashSet<PayloadId>();
        foreach (var id in tasks)
        {
            var needs = Needs(state, session.Node, state.Tasks.Get(id));
            if (needs.IsEmpty && !session.Payloads.Has(id))
            {
                continue;
            }

            var touched = new SortedSet<PayloadId>();
            had.UnionWith(needs.Where(n => !changed.Contains(n) && session.Payloads.IsNeeded(n)));
            session.Payloads.Set(id, needs, touched);
            had.UnionWith(touched.Where(t => !changed.Contains(t) && !needs.Contains(t)));
            changed.UnionWith(touched);
        }

        var added = changed.Where(id => session.Payloads.IsNeeded(id) && !had.Contains(id));
        var removed = changed.Where(id => !session.Payloads.IsNeeded(id) && had.Contains(id)).ToList();
        foreach (var message in Sent(state, added, complete: false))
        {
            yield return message;
        }

        if (AssignmentDiff.Incremental(state, session, gate, tasks) is { } assignments)
        {
            yield return new SessionResponse { Assignments = assignments };
        }

        if (removed.Count > 0)
        {
            yield return new SessionResponse
            {
                Payloads = new PayloadUpdate { RemovedIds = { removed.Select(r => r.Value) } },
            };
        }
    }

    /// <summary>A task that has ended, or is to end, needs nothing more: its container has its files.</summary>
    private static ImmutableArray<PayloadId> Needs(ClusterState state, NodeId node, TaskRecord? task)
    {
        if (task is not { IsLive: true, Status.State: >= TaskState.Assigned } || task.NodeId != node
            || state.Services.Get(task.ServiceId) is not { } service
            || !service.KeptSpecs.TryGetValue(task.SpecVersion, out var spec)
            || spec.Task?.Container is not { } container || container.Secrets.Count + container.Configs.Count == 0)
        {
            return [];
        }

        return [.. container.Payloads().Select(p => new PayloadId(p.Reference.Id)).Distinct()];
    }

    private static IEnumerable<SessionResponse> Sent(ClusterState state, IEnumerable<PayloadId> ids, bool complete)
    {
        var update = new PayloadUpdate { Complete = complete };
        var bytes = 0;
        foreach (var payload in ids.Select(state.Payloads.Get).OfType<PayloadRecord>())
        {
            if (bytes >= MaxBytes)
            {
                yield return new SessionResponse { Payloads = update };
                (update, bytes) = (new PayloadUpdate(), 0);
            }

            update.Payloads.Add(new Payload { Id = payload.Id.Value, Data = payload.Data });
            bytes += payload.Data.Length;
        }

        if (complete || update.Payloads.Count > 0)
        {
            yield return new SessionResponse { Payloads = update };
        }
    }
}
