using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>The indexes over tasks while an entry is applied: by slot, and by node with what its tasks hold.</summary>
internal sealed class TaskIndexDraft(ClusterState before)
{
    private readonly object _owner = new();

    /// <summary>Null as long as nobody asked: most entries of users touch no task.</summary>
    private Dictionary<ServiceId, ServiceIndexDraft>? _services;
    private Dictionary<NodeId, NodeIndexDraft>? _nodes;
    private (ServiceId Id, ServiceIndexDraft Draft)? _last;
    private (NodeId Id, NodeIndexDraft Draft)? _lastNode;

    internal bool HasTasks(ServiceId service) => Of(service).HasTasks;

    internal void DropService(ServiceId service) => Of(service).Dropped = true;

    internal ImmutableArray<TaskId> TasksOn(NodeId node) => [.. Of(node).Ids.With(NodeUsage.None).Ids];

    /// <summary>Those that a task names, the one in force and the one before it.</summary>
    internal ImmutableSortedDictionary<ulong, ServiceSpec> KeptSpecs(ServiceRecord record)
    {
        var kept = record.KeptSpecs;
        foreach (var (version, _) in record.KeptSpecs)
        {
            if (version != record.SpecVersion && version != record.PreviousSpecVersion
                && !IsUsed(record.Id, version))
            {
                kept = kept.Remove(version);
            }
        }

        kept = kept.ContainsKey(record.SpecVersion) ? kept : kept.Add(record.SpecVersion, record.Spec);
        return record.PreviousSpec is null || kept.ContainsKey(record.PreviousSpecVersion)
            ? kept
            : kept.Add(record.PreviousSpecVersion, record.PreviousSpec);
    }

    /// <param name="change">Before and after it, and the hash of its id.</param>
    /// <param name="reservations">Of its spec.</param>
    /// <param name="tasks">All there are now.</param>
    internal void Put(
        (TaskRecord? Old, TaskRecord Now, uint Hash) change, Resources? reservations,
        PersistentDictionary<TaskId, TaskRecord>.Builder tasks)
    {
        var (old, record, hash) = change;
        var service = Of(record.ServiceId);
        if (Waits(record) != Waits(old))
        {
            service.Wait(record.Id, hash, Waits(record));
        }

        service.Running += Runs(record) - Runs(old);
        if (old is null)
        {
            var ids = service.Slots.TryGetValue(record.Key, out var slot) ? slot : [];
            service.Slots.Set(record.Key, ids.Insert(Place(ids, record, tasks), record.Id));
            service.Use(record.SpecVersion, 1);
        }

        if (!record.NodeId.IsNone)
        {
            var node = Of(record.NodeId);
            if (old is null || old.NodeId.IsNone)
            {
                node.Ids.Add(record.Id, hash);
            }

            node.Count(old, -1, reservations);
            node.Count(record, 1, reservations);
            node.KeepPorts(old, tasks);
        }
    }

    /// <summary>True when the spec it was made from has lost its last user.</summary>
    internal bool Drop(
        TaskRecord record, Resources? reservations, PersistentDictionary<TaskId, TaskRecord>.Builder tasks)
    {
        var service = Of(record.ServiceId);
        if (Waits(record))
        {
            service.Wait(record.Id, StableHash.OfKey(record.Id), false);
        }

        service.Running -= Runs(record);
        var left = service.Slots.Get(record.Key).Remove(record.Id);
        if (left.IsEmpty)
        {
            service.Slots.Remove(record.Key);
        }
        else
        {
            service.Slots.Set(record.Key, left);
        }

        if (!record.NodeId.IsNone)
        {
            var node = Of(record.NodeId);
            node.Ids.Remove(record.Id, StableHash.OfKey(record.Id));
            node.Count(record, -1, reservations);
            node.KeepPorts(record, tasks);
        }

        service.Use(record.SpecVersion, -1);
        return !service.IsUsed(record.SpecVersion);
    }

    /// <summary>What the nodes have now.</summary>
    internal PersistentDictionary<NodeId, NodeTasks> ByNode()
    {
        if (_nodes is null)
        {
            return before.ByNode;
        }

        var nodes = before.ByNode.ToBuilder(_owner);
        foreach (var (id, node) in _nodes)
        {
            if (node.Ids.Count == 0)
            {
                nodes.Remove(id, node.Hash);
                continue;
            }

            nodes.Set(id, node.Hash, node.Ids.With(node.Usage()));
        }

        return nodes.ToMap();
    }

    /// <summary>What the services have now, of those that have tasks, and which of them have some that wait.</summary>
    internal (PersistentDictionary<ServiceId, ServiceTasks> All, PersistentDictionary<ServiceId, bool> Waiting)
        ByService()
    {
        if (_services is null)
        {
            return (before.ByService, before.WaitingServices);
        }

        var services = before.ByService.ToBuilder(_owner);
        PersistentDictionary<ServiceId, bool>.Builder? waitingServices = null;
        foreach (var (id, service) in _services)
        {
            if (!service.Changed && !service.Dropped)
            {
                continue;
            }

            var waits = service.Waiting().Count > 0 && !service.Dropped;
            if (waits != before.WaitingServices.ContainsKey(id))
            {
                waitingServices ??= before.WaitingServices.ToBuilder(_owner);
                Mark(waitingServices, id, waits);
            }

            if (service.Dropped || !service.HasTasks)
            {
                services.Remove(id);
                continue;
            }

            services.Set(id, service.ToRecord());
        }

        return (services.ToMap(), waitingServices?.ToMap() ?? before.WaitingServices);
    }

    private static void Mark(PersistentDictionary<ServiceId, bool>.Builder services, ServiceId id, bool waits)
    {
        if (waits)
        {
            services.Set(id, true);
        }
        else
        {
            services.Remove(id);
        }
    }

    /// <summary>By age and not by arrival, so that the index follows from the records alone.</summary>
    private static int Place(
        ImmutableArray<TaskId> ids, TaskRecord record, PersistentDictionary<TaskId, TaskRecord>.Builder tasks)
    {
        var at = ids.Length;
        while (at > 0 && tasks.Get(ids[at - 1]) is { } other
            && (other.CreatedAt, other.Id).CompareTo((record.CreatedAt, record.Id)) > 0)
        {
            at--;
        }

        return at;
    }

    private static bool Waits(TaskRecord? task) => task is { IsLive: true, Status.State: < TaskState.Assigned };

    private static int Runs(TaskRecord? task) =>
        task is { IsWanted: true, Status.State: TaskState.Running } ? 1 : 0;

    private bool IsUsed(ServiceId service, ulong version) =>
        _services is not null && _services.TryGetValue(service, out var draft)
            ? draft.IsUsed(version)
            : before.ByService.TryGetValue(service, out var tasks) && tasks.SpecUses.ContainsKey(version);

    private ServiceIndexDraft Of(ServiceId id)
    {
        if (_last is { } last && last.Id == id)
        {
            return last.Draft;
        }

        _services ??= [];
        if (!_services.TryGetValue(id, out var draft))
        {
            _services[id] = draft = new ServiceIndexDraft(
                before.ByService.Get(id) ?? ServiceTasks.None, _owner);
        }

        _last = (id, draft);
        return draft;
    }

    private NodeIndexDraft Of(NodeId id)
    {
        if (_lastNode is { } last && last.Id == id)
        {
            return last.Draft;
        }

        ref var draft = ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes ??= [], id, out _);
        if (draft is null)
        {
            var hash = StableHash.OfKey(id);
            draft = new NodeIndexDraft(
                before.ByNode.TryGetValue(id, hash, out var tasks) ? tasks : NodeTasks.None, hash, _owner);
        }

        _lastNode = (id, draft);
        return draft;
    }
}
