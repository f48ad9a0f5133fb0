using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// Everything the cluster knows at one log index: an immutable value that any thread may read as long as it likes.
/// The indexes are derived from the records; the records alone are stored and hashed.
/// </summary>
public sealed record ClusterState
{
    private ClusterState()
    {
    }

    /// <summary>Before the first entry.</summary>
    public static ClusterState Empty { get; } = new();

    /// <summary>The last entry that is in here.</summary>
    public ulong LastIndex { get; internal init; }

    /// <summary>Which beginning of the cluster this is; 0 = the first. Indexes of two epochs have nothing in
    /// common.</summary>
    public ulong Epoch => Cluster?.Epoch ?? 0;

    /// <summary>Null before the cluster was initialised.</summary>
    public ClusterRecord? Cluster { get; internal init; }

    /// <summary>Members.</summary>
    public PersistentDictionary<NodeId, NodeRecord> Nodes { get; internal init; } =
        PersistentDictionary<NodeId, NodeRecord>.Empty;

    /// <summary>Services, those that are being removed included.</summary>
    public PersistentDictionary<ServiceId, ServiceRecord> Services { get; internal init; } =
        PersistentDictionary<ServiceId, ServiceRecord>.Empty;

    /// <summary>Tasks, ended ones included.</summary>
    public PersistentDictionary<TaskId, TaskRecord> Tasks { get; internal init; } =
        PersistentDictionary<TaskId, TaskRecord>.Empty;

    /// <summary>Secrets and configs.</summary>
    public PersistentDictionary<PayloadId, PayloadRecord> Payloads { get; internal init; } =
        PersistentDictionary<PayloadId, PayloadRecord>.Empty;

    /// <summary>Which service publishes a port on every node.</summary>
    public ImmutableSortedDictionary<PortKey, ServiceId> IngressPorts { get; internal init; } =
        ImmutableSortedDictionary<PortKey, ServiceId>.Empty;

    /// <summary>Which services publish a port on the nodes of their tasks only.</summary>
    internal ImmutableSortedDictionary<PortKey, ImmutableSortedSet<ServiceId>> HostModePorts { get; init; } =
        ImmutableSortedDictionary<PortKey, ImmutableSortedSet<ServiceId>>.Empty;

    /// <summary>What became of the last commands.</summary>
    public RecentRequests Requests { get; internal init; } = RecentRequests.None;

    /// <summary>The form in which the next entries and snapshots may be written; all managers understand it.</summary>
    public uint Format => Math.Max(StoreFormat.First, Cluster?.FormatVersion ?? 0);

    /// <summary>Log index of the last change of any node.</summary>
    public ulong NodesRevision { get; internal init; }

    /// <summary>When a task that has ended had begun to run; absent when it never ran.</summary>
    internal PersistentDictionary<TaskId, DateTimeOffset> RanSince { get; init; } =
        PersistentDictionary<TaskId, DateTimeOffset>.Empty;

    internal PersistentDictionary<NodeId, NodeTasks> ByNode { get; init; } =
        PersistentDictionary<NodeId, NodeTasks>.Empty;

    internal PersistentDictionary<ServiceId, ServiceTasks> ByService { get; init; } =
        PersistentDictionary<ServiceId, ServiceTasks>.Empty;

    internal ImmutableSortedDictionary<string, ServiceId> ServiceNames { get; init; } =
        ImmutableSortedDictionary.Create<string, ServiceId>(StringComparer.OrdinalIgnoreCase);

    internal ImmutableSortedDictionary<PayloadName, PayloadId> PayloadNames { get; init; } =
        ImmutableSortedDictionary<PayloadName, PayloadId>.Empty;

    internal ImmutableSortedDictionary<string, ImmutableSortedSet<NodeId>> Hostnames { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableSortedSet<NodeId>>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Bit i: network index i is given away. Bit 0 is always set.</summary>
    internal ImmutableArray<ulong> NetworkIndexes { get; init; } = [1];

    /// <summary>Hash of everything that is stored; two managers at one index have the same. Takes as long as the state
    /// is large: see <see cref="StateHash.Next"/> for the next one.</summary>
    public UInt128 Hash128 => StateHash.Of(this);

    /// <summary>The next state. Refused actions leave no trace but their outcome.</summary>
    /// <exception cref="InvariantException">The index is not after <see cref="LastIndex"/>.</exception>
    public ApplyResult Apply(StoreEntry entry, ulong index)
    {
        Invariant.Check(index > LastIndex);
        Invariant.Check(entry.Request is null || entry.Actions.Length == 1);
        var requests = Requests.Trimmed(entry.At);
        if (entry.Request is { } mark && requests.Find(mark.Id) is { } first)
        {
            return RequestRules.Repeated(this with { LastIndex = index, Requests = requests }, mark, first);
        }

        var draft = new StateDraft(this, entry.At, index, entry.PlannedOn, entry.Actions.Length);
        var outcomes = ImmutableArray.CreateBuilder<ActionOutcome>(entry.Actions.Length);
        foreach (var action in entry.Actions)
        {
            outcomes.Add(ActionRules.Apply(draft, action));
        }

        var (state, changes) = draft.Finish();
        var record = RequestRules.Record(state, entry, index, outcomes);
        if (record is not null || !ReferenceEquals(requests, Requests))
        {
            state = state with { Requests = record is null ? requests : requests.With(record) };
        }

        return new ApplyResult(state, changes, outcomes.MoveToImmutable()) { Request = record };
    }

    /// <summary>An index that changed nothing here (a leader's empty entry, a change of Raft's members).</summary>
    public ClusterState Skip(ulong index) => this with { LastIndex = index };

    /// <summary>The service of this name, upper and lower case alike; one that is being removed has no name.</summary>
    public ServiceRecord? FindService(string name) =>
        ServiceNames.TryGetValue(name, out var id) ? Services.Get(id) : null;

    /// <summary>The secret or config of this name, upper and lower case alike.</summary>
    public PayloadRecord? FindPayload(Protocol.V1.PayloadKind kind, string name) =>
        PayloadNames.TryGetValue(new PayloadName(kind, name), out var id) ? Payloads.Get(id) : null;

    /// <summary>Nodes of this hostname, upper and lower case alike, by id.</summary>
    public IEnumerable<NodeRecord> FindNodes(string hostname) =>
        Hostnames.TryGetValue(hostname, out var ids) ? ids.Select(id => Nodes[id]) : [];

    /// <summary>All tasks of a service, ended ones included.</summary>
    public IEnumerable<TaskRecord> TasksOf(ServiceId service) =>
        SlotsOf(service).SelectMany(slot => slot.Value).Select(id => Tasks[id]);

    /// <summary>All tasks that name a node, ended ones included; also of a node that was removed.</summary>
    public IEnumerable<TaskRecord> TasksOn(NodeId node) =>
        ByNode.TryGetValue(node, out var tasks) ? tasks.Ids.Select(id => Tasks[id]) : [];

    /// <summary>The tasks of one slot, oldest first.</summary>
    public IEnumerable<TaskRecord> TasksIn(SlotKey slot) =>
        SlotsOf(slot.ServiceId).TryGetValue(slot, out var ids) ? ids.Select(id => Tasks[id]) : [];

    /// <summary>Every slot of a service that has tasks, with these, oldest first.</summary>
    public PersistentDictionary<SlotKey, ImmutableArray<TaskId>> SlotsOf(ServiceId service) =>
        ByService.TryGetValue(service, out var tasks) ? tasks.Slots : ServiceTasks.None.Slots;

    /// <summary>What the tasks of a node hold.</summary>
    public NodeUsage UsageOf(NodeId node) => ByNode.TryGetValue(node, out var tasks) ? tasks.Usage : NodeUsage.None;

    /// <summary>Tasks of a service that are wanted up and wait for a node.</summary>
    public int WaitingTasks(ServiceId service) => WaitingOf(service).Count;

    /// <summary>The ids of these tasks; the values mean nothing.</summary>
    public PersistentDictionary<TaskId, bool> WaitingOf(ServiceId service) =>
        (ByService.TryGetValue(service, out var tasks) ? tasks : ServiceTasks.None).Waiting;

    /// <summary>Services with tasks that wait for a node; the values mean nothing.</summary>
    public PersistentDictionary<ServiceId, bool> WaitingServices { get; internal init; } =
        PersistentDictionary<ServiceId, bool>.Empty;

    /// <summary>All tasks of a service, ended ones included.</summary>
    public int CountTasks(ServiceId service) =>
        ByService.TryGetValue(service, out var tasks) ? tasks.SpecUses.Values.Sum() : 0;

    /// <summary>Tasks of a service that run and are wanted up.</summary>
    public int RunningTasks(ServiceId service) => ByService.TryGetValue(service, out var tasks) ? tasks.Running : 0;

    /// <summary>The spec a task was made from.</summary>
    /// <exception cref="InvariantException">The service does not keep it.</exception>
    public Protocol.V1.ServiceSpec SpecOf(TaskRecord task)
    {
        var service = Services.Get(task.ServiceId);
        Invariant.Check(service is not null && service.KeptSpecs.ContainsKey(task.SpecVersion));
        return service.KeptSpecs[task.SpecVersion];
    }

    /// <summary>When a task began to run (leader's clock); null when it did not yet, or never did.</summary>
    public DateTimeOffset? RunningSince(TaskRecord task) =>
        task.Status.State == TaskState.Running ? task.Status.AppliedAt
        : RanSince.TryGetValue(task.Id, out var since) ? since
        : null;
}
