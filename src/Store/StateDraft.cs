using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>
/// The state while one entry is being applied: records are put here, and the indexes follow. Rules live in
/// <see cref="ActionRules"/> and its neighbours; this class knows none.
/// </summary>
/// <param name="before">What it changes.</param>
/// <param name="at">The entry's time.</param>
/// <param name="index">Of the entry.</param>
/// <param name="plannedOn">The index of the state that the entry was planned on; 0 = it is no plan.</param>
/// <param name="actions">About how many tasks will change.</param>
internal sealed class StateDraft(
    ClusterState before, DateTimeOffset at, ulong index, ulong plannedOn = 0, int actions = 0)
{
    private readonly PersistentDictionary<TaskId, TaskRecord>.Builder _tasks = before.Tasks.ToBuilder();
    private readonly PersistentDictionary<ServiceId, ServiceRecord>.Builder _services = before.Services.ToBuilder();
    private readonly PersistentDictionary<NodeId, NodeRecord>.Builder _nodes = before.Nodes.ToBuilder();
    private readonly PersistentDictionary<PayloadId, PayloadRecord>.Builder _payloads = before.Payloads.ToBuilder();
    private readonly PersistentDictionary<TaskId, DateTimeOffset>.Builder _ranSince = before.RanSince.ToBuilder();
    private readonly TaskChanges _changedTasks = new(index, actions);
    private readonly ChangeList<ServiceId, ServiceRecord> _changedServices = new();
    private readonly ChangeList<NodeId, NodeRecord> _changedNodes = new();
    private readonly ChangeList<PayloadId, PayloadRecord> _changedPayloads = new();
    private readonly TaskIndexDraft _index = new(before);
    private readonly TaskStatuses _statuses = new(at);
    private NodeRecord? _node;
    private (string? Id, uint Hash) _hashed = ("", StableHash.Of(""));
    private bool _clusterChanged;
    private (ServiceId Service, ulong Version, Resources? Resources, bool IsKnown) _reserved;

    internal DateTimeOffset At => at;

    internal ulong Index => index;

    /// <summary>The index of the state that the entry was planned on; 0 = it is no plan.</summary>
    internal ulong PlannedOn => plannedOn;

    internal ClusterState Before => before;

    internal ClusterRecord? Cluster { get; private set; } = before.Cluster;

    internal ImmutableSortedDictionary<PortKey, ServiceId> IngressPorts { get; private set; } = before.IngressPorts;

    internal ImmutableSortedDictionary<PortKey, ImmutableSortedSet<ServiceId>> HostModePorts { get; private set; } =
        before.HostModePorts;

    internal ImmutableSortedDictionary<string, ServiceId> ServiceNames { get; private set; } = before.ServiceNames;

    internal ImmutableSortedDictionary<PayloadName, PayloadId> PayloadNames { get; private set; } = before.PayloadNames;

    internal ImmutableArray<ulong> NetworkIndexes { get; private set; } = before.NetworkIndexes;

    private ImmutableSortedDictionary<string, ImmutableSortedSet<NodeId>> Hostnames { get; set; } = before.Hostnames;

    internal TaskRecord? Task(TaskId id) => _tasks.Get(id, HashOf(id));

    internal ServiceRecord? Service(ServiceId id) => _services.Get(id);

    /// <summary>A plan names one node after the other: the last answer is kept.</summary>
    internal NodeRecord? Node(NodeId id)
    {
        if (_node is null || _node.Id != id)
        {
            _node = _nodes.Get(id);
        }

        return _node;
    }

    internal PayloadRecord? Payload(PayloadId id) => _payloads.Get(id);


    internal IEnumerable<ServiceRecord> Services => _services.ToMap().Values;

    /// <summary>Some task of a version of a service is wanted up and has not ended.</summary>
    internal bool WantedTasks(ServiceId service, ulong version) => _tasks.ToMap().Values.Any(
        t => t.ServiceId == service && t.SpecVersion == version && t.IsWanted && !t.Status.State.IsTerminal());

    internal ImmutableArray<TaskId> TasksOn(NodeId node) => _index.TasksOn(node);

    internal bool HasTasks(ServiceId service) => _index.HasTasks(service);

    internal void PutCluster(ClusterRecord record) => (Cluster, _clusterChanged) = (record, true);

    internal void PutPayload(PayloadRecord record)
    {
        _changedPayloads.Note(record.Id, _payloads.Get(record.Id));
        _payloads.Set(record.Id, record);
        PayloadNames = PayloadNames.SetItem(PayloadName.Of(record), record.Id);
    }

    internal void DropPayload(PayloadRecord record)
    {
        _changedPayloads.Note(record.Id, record);
        _payloads.Remove(record.Id);
        PayloadNames = PayloadNames.Remove(PayloadName.Of(record));
    }

    internal void PutNode(NodeRecord record)
    {
        var old = _nodes.Get(record.Id);
        _changedNodes.Note(record.Id, old);
        _nodes.Set(record.Id, record);
        _node = null;
        if (old is null)
        {
            NetworkIndexes = Subnets.Taken(NetworkIndexes, record.NetworkIndex);
        }

        if (old?.Hostname != record.Hostname)
        {
            ForgetHostname(old);
            var ids = Hostnames.GetValueOrDefault(record.Hostname, []);
            Hostnames = Hostnames.SetItem(record.Hostname, ids.Add(record.Id));
        }
    }

    internal void DropNode(NodeRecord record)
    {
        _changedNodes.Note(record.Id, record);
        _nodes.Remove(record.Id);
        _node = null;
        NetworkIndexes = Subnets.Freed(NetworkIndexes, record.NetworkIndex);
        ForgetHostname(record);
    }

    internal void PutService(ServiceRecord record)
    {
        var old = _services.Get(record.Id);
        _changedServices.Note(record.Id, old);
        _reserved = default;
        var kept = _index.KeptSpecs(record);
        _services.Set(record.Id, ReferenceEquals(kept, record.KeptSpecs) ? record : record with { KeptSpecs = kept });
        ClaimName(old, record);
        ClaimPorts(old, record);
    }

    /// <summary>As <see cref="PutService"/> before the tasks that use the kept specs are there.</summary>
    internal void RestoreService(ServiceRecord record)
    {
        _reserved = default;
        _services.Set(record.Id, record);
        ClaimName(null, record);
        ClaimPorts(null, record);
    }

    internal void RestoreTask(TaskRecord record, DateTimeOffset ranSince)
    {
        PutTask(null, record);
        if (ranSince != default)
        {
            _ranSince.Set(record.Id, ranSince);
        }
    }

    internal void DropService(ServiceRecord record)
    {
        _changedServices.Note(record.Id, record);
        _services.Remove(record.Id);
        _reserved = default;
        _index.DropService(record.Id);
        ClaimName(record, null);
        ClaimPorts(record, null);
    }

    internal void PutTask(TaskRecord? old, TaskRecord record)
    {
        _changedTasks.Note(old, record);
        var hash = HashOf(record.Id);
        _tasks.Set(record.Id, hash, record);
        if (old?.Status.State == TaskState.Running && record.Status.State.IsTerminal())
        {
            _ranSince.Set(record.Id, old.Status.AppliedAt);
        }

        _index.Put((old, record, hash), Reservations(record), _tasks);
    }

    internal void DropTask(TaskRecord record)
    {
        _changedTasks.Note(record, null);
        _tasks.Remove(record.Id);
        _ranSince.Remove(record.Id);
        if (_index.Drop(record, Reservations(record), _tasks) && Service(record.ServiceId) is { } service)
        {
            PutService(service);
        }
    }

    internal (ClusterState State, Changes Changes) Finish()
    {
        var tasks = _tasks.ToMap();
        var services = _services.ToMap();
        var nodes = _nodes.ToMap();
        var payloads = _payloads.ToMap();
        var changes = new Changes(
            _changedTasks.Finish(), _changedServices.Finish(services), _changedNodes.Finish(nodes),
            _clusterChanged)
        {
            Payloads = _changedPayloads.Finish(payloads),
        };
        var state = before with
        {
            LastIndex = index,
            Cluster = Cluster,
            Tasks = tasks,
            Services = services,
            Nodes = nodes,
            Payloads = payloads,
            RanSince = _ranSince.ToMap(),
            IngressPorts = IngressPorts,
            HostModePorts = HostModePorts,
            ServiceNames = ServiceNames,
            PayloadNames = PayloadNames,
            Hostnames = Hostnames,
            NetworkIndexes = NetworkIndexes,
            NodesRevision = changes.Nodes.IsEmpty ? before.NodesRevision : index,
        };
        return (_index.Finish(state), changes);
    }

    /// <summary>The status of a task that was made as this one.</summary>
    internal TaskStatusRecord Created(TaskStatusRecord status) => _statuses.Created(status);

    /// <summary>What the status becomes when its task gets a node.</summary>
    internal TaskStatusRecord Assigned(TaskStatusRecord status) => _statuses.Assigned(status);

    /// <summary>A task is looked up, written, and entered in three indexes, one after the other: by one hash.</summary>
    private uint HashOf(TaskId id)
    {
        if (!ReferenceEquals(_hashed.Id, id.Value))
        {
            _hashed = (id.Value, StableHash.OfKey(id));
        }

        return _hashed.Hash;
    }

    /// <summary>Tasks come in rows of one service: the last answer is kept as long as no service changes.</summary>
    private Resources? Reservations(TaskRecord task)
    {
        if (_reserved.Service == task.ServiceId && _reserved.Version == task.SpecVersion && _reserved.IsKnown)
        {
            return _reserved.Resources;
        }

        var service = Service(task.ServiceId);
        Invariant.Check(service is not null && service.KeptSpecs.ContainsKey(task.SpecVersion));
        var resources = service.KeptSpecs[task.SpecVersion].Task?.Reservations;
        _reserved = (task.ServiceId, task.SpecVersion, resources, true);
        return resources;
    }

    private void ForgetHostname(NodeRecord? old)
    {
        if (old is null || !Hostnames.TryGetValue(old.Hostname, out var ids))
        {
            return;
        }

        ids = ids.Remove(old.Id);
        Hostnames = ids.IsEmpty ? Hostnames.Remove(old.Hostname) : Hostnames.SetItem(old.Hostname, ids);
    }

    private void ClaimName(ServiceRecord? old, ServiceRecord? record)
    {
        var from = old is { Removing: false } ? old.Spec.Name : null;
        var to = record is { Removing: false } ? record.Spec.Name : null;
        if (from == to)
        {
            return;
        }

        ServiceNames = from is null ? ServiceNames : ServiceNames.Remove(from);
        ServiceNames = to is null ? ServiceNames : ServiceNames.SetItem(to, record!.Id);
    }

    private void ClaimPorts(ServiceRecord? old, ServiceRecord? record)
    {
        foreach (var port in old is null ? [] : ServicePorts.Claimed(old))
        {
            IngressPorts = IngressPorts.Remove(port);
        }

        foreach (var port in record is null ? [] : ServicePorts.Claimed(record))
        {
            IngressPorts = IngressPorts.SetItem(port, record!.Id);
        }

        HostModePorts = ServicePorts.Moved(HostModePorts, old, record);
    }
}
