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
    private RecordDraft<ServiceId, ServiceRecord> _services = new(before.Services);
    private RecordDraft<NodeId, NodeRecord> _nodes = new(before.Nodes);
    private RecordDraft<PayloadId, PayloadRecord> _payloads = new(before.Payloads);
    private PersistentDictionary<TaskId, TaskRecord>.Builder? _openTasks;
    private PersistentDictionary<TaskId, DateTimeOffset>.Builder? _openRanSince;
    private TaskChanges? _changedTasks;
    private TaskStatuses? _statuses;
    private readonly TaskIndexDraft _index = new(before);
    private NodeRecord? _node;
    private (string? Id, uint Hash) _hashed = ("", StableHash.Of(""));
    private bool _clusterChanged;
    private (ServiceId Service, ulong Version, Resources? Resources, bool IsKnown) _reserved;

    private PersistentDictionary<TaskId, TaskRecord>.Builder OpenTasks => _openTasks ??= before.Tasks.ToBuilder();

    private PersistentDictionary<TaskId, DateTimeOffset>.Builder OpenRanSince =>
        _openRanSince ??= before.RanSince.ToBuilder();

    internal TaskStatuses Statuses => _statuses ??= new TaskStatuses(at);

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

    internal TaskRecord? Task(TaskId id) => OpenTasks.Get(id, HashOf(id));

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
    internal bool WantedTasks(ServiceId service, ulong version) => OpenTasks.ToMap().Values.Any(
        t => t.ServiceId == service && t.SpecVersion == version && t.IsWanted && !t.Status.State.IsTerminal());

    internal ImmutableArray<TaskId> TasksOn(NodeId node) => _index.TasksOn(node);

    internal bool HasTasks(ServiceId service) => _index.HasTasks(service);

    internal void PutCluster(ClusterRecord record) => (Cluster, _clusterChanged) = (record, true);

    internal void PutPayload(PayloadRecord record)
    {
        var old = _payloads.Put(record.Id, record);
        if (old?.Spec.Name != record.Spec.Name)
        {
            PayloadNames = old is null ? PayloadNames : PayloadNames.Remove(PayloadName.Of(old));
            PayloadNames = PayloadNames.SetItem(PayloadName.Of(record), record.Id);
        }
    }

    internal void DropPayload(PayloadRecord record)
    {
        _payloads.Drop(record.Id, record);
        PayloadNames = PayloadNames.Remove(PayloadName.Of(record));
    }

    internal void PutNode(NodeRecord record)
    {
        var old = _nodes.Put(record.Id, record);
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
        _nodes.Drop(record.Id, record);
        _node = null;
        NetworkIndexes = Subnets.Freed(NetworkIndexes, record.NetworkIndex);
        ForgetHostname(record);
    }

    internal void PutService(ServiceRecord record)
    {
        var kept = _index.KeptSpecs(record);
        StoreService(ReferenceEquals(kept, record.KeptSpecs) ? record : record with { KeptSpecs = kept });
    }

    /// <summary>As <see cref="PutService"/>, of what is changed by this entry.</summary>
    internal void ChangeService(ServiceRecord record) => StoreService(
        record with { Version = index, UpdatedAt = at, KeptSpecs = _index.KeptSpecs(record) });

    /// <summary>As <see cref="PutService"/> before the tasks that use the kept specs are there.</summary>
    internal void RestoreService(ServiceRecord record)
    {
        _reserved = default;
        _services.Restore(record.Id, record);
        ClaimName(null, record);
        ClaimPorts(null, record);
    }

    internal void RestoreTask(TaskRecord record, DateTimeOffset ranSince)
    {
        PutTask(null, record);
        if (ranSince != default)
        {
            OpenRanSince.Set(record.Id, ranSince);
        }
    }

    internal void DropService(ServiceRecord record)
    {
        _services.Drop(record.Id, record);
        _reserved = default;
        _index.DropService(record.Id);
        ClaimName(record, null);
        ClaimPorts(record, null);
    }

    internal void PutTask(TaskRecord? old, TaskRecord record)
    {
        (_changedTasks ??= new(index, actions)).Note(old, record);
        var hash = HashOf(record.Id);
        OpenTasks.Set(record.Id, hash, record);
        if (old?.Status.State == TaskState.Running && record.Status.State.IsTerminal())
        {
            OpenRanSince.Set(record.Id, old.Status.AppliedAt);
        }

        _index.Put((old, record, hash), Reservations(record), OpenTasks);
    }

    internal void DropTask(TaskRecord record)
    {
        (_changedTasks ??= new(index, actions)).Note(record, null);
        OpenTasks.Remove(record.Id);
        OpenRanSince.Remove(record.Id);
        if (_index.Drop(record, Reservations(record), OpenTasks) && Service(record.ServiceId) is { } service)
        {
            PutService(service);
        }
    }

    internal (ClusterState State, Changes Changes) Finish()
    {
        var tasks = _openTasks?.ToMap() ?? before.Tasks;
        var services = _services.ToMap();
        var nodes = _nodes.ToMap();
        var payloads = _payloads.ToMap();
        var changes = new Changes(
            _changedTasks?.Finish() ?? [], _services.Changes(services),
            _nodes.Changes(nodes), _clusterChanged)
        {
            Payloads = _payloads.Changes(payloads),
        };
        var (byService, waitingServices) = _index.ByService();
        var state = before with
        {
            ByNode = _index.ByNode(),
            ByService = byService,
            WaitingServices = waitingServices,
            LastIndex = index,
            Cluster = Cluster,
            Tasks = tasks,
            Services = services,
            Nodes = nodes,
            Payloads = payloads,
            RanSince = _openRanSince?.ToMap() ?? before.RanSince,
            IngressPorts = IngressPorts,
            HostModePorts = HostModePorts,
            ServiceNames = ServiceNames,
            PayloadNames = PayloadNames,
            Hostnames = Hostnames,
            NetworkIndexes = NetworkIndexes,
            NodesRevision = changes.Nodes.IsEmpty ? before.NodesRevision : index,
        };
        return (state, changes);
    }

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

    private void StoreService(ServiceRecord record)
    {
        var old = _services.Put(record.Id, record);
        _reserved = default;
        ClaimName(old, record);
        ClaimPorts(old, record);
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
        IngressPorts = ServicePorts.Moved(IngressPorts, old, record);
        HostModePorts = ServicePorts.Moved(HostModePorts, old, record);
    }
}
