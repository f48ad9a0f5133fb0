using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>
/// Tasks by service name, slot, node, newest first: a page looks at each service once and keeps no more tasks than fit
/// into it.
/// </summary>
internal sealed class TaskList
{
    private const int PlaceParts = 6;

    /// <summary>So many free numbers one after the other, and the slots that follow are looked for at once.</summary>
    private const int MostMissedSlots = 1_000;

    private readonly ClusterState _state;
    private readonly ListTasksRequest _request;
    private readonly HashSet<ServiceId> _services;
    private readonly HashSet<NodeId> _nodes;
    private readonly ILookup<ServiceId, TaskRecord> _onNodes;
    private readonly HashSet<TaskState> _desired;
    private readonly TaskPlace? _after;
    private readonly int _most;

    internal TaskList(ClusterState state, ListTasksRequest request, NodeId self)
    {
        (_state, _request) = (state, request);
        _services = [.. request.ServiceRefs.Select(r => References.Service(state, r).Id)];
        _nodes = [.. request.NodeRefs.Select(r => References.Node(state, r, self).Id)];
        _onNodes = _nodes.SelectMany(state.TasksOn).ToLookup(t => t.ServiceId);
        _desired = [.. request.DesiredStates.Select(Filters.DesiredState)];
        _after = TaskPlace.Read(Paging.After(request.Page, PlaceParts));
        _most = Paging.SizeOf(request.Page) + 1;
    }

    internal ListTasksResponse Answer()
    {
        var response = new ListTasksResponse { Revision = _state.LastIndex, Epoch = _state.Epoch };
        response.NextPageToken = Paging.Fill(
            _request.Page, Wanted(), t => PlaceOf(t).Parts(), t => Answers.Task(_state, t), response.Tasks);
        return response;
    }

    private IEnumerable<TaskRecord> Wanted() => Services()
        .Where(s => Filters.HasLabels(s.Spec.Labels, _request.Labels))
        .Where(s => _after is not { } after || ComparesToOwner(s, after) >= 0)
        .OrderBy(s => s.Spec.Name, StringComparer.Ordinal).ThenBy(s => s.Id)
        .SelectMany(First);

    private IEnumerable<ServiceRecord> Services() =>
        _services.Count > 0 ? _services.Select(s => _state.Services[s])
        : _nodes.Count > 0 ? _onNodes.Select(g => _state.Services.Get(g.Key)).OfType<ServiceRecord>()
        : _state.Services.Values;

    private static int ComparesToOwner(ServiceRecord service, TaskPlace after) =>
        string.CompareOrdinal(service.Spec.Name, after.ServiceName) is not 0 and var order
            ? order
            : string.CompareOrdinal(service.Id.Value, after.ServiceId);

    /// <summary>
    /// The first tasks of a service after the beginning of the page. Slots are asked for by their numbers as long as
    /// they lie close together: a page of a large service costs what a page of a small one does.
    /// </summary>
    private IEnumerable<TaskRecord> First(ServiceRecord service)
    {
        if (_nodes.Count > 0)
        {
            return FirstOf(service, _onNodes[service.Id]);
        }

        return service.IsGlobal ? FirstOf(service, _state.TasksOf(service.Id)) : InSlots(service);
    }

    private IEnumerable<TaskRecord> InSlots(ServiceRecord service)
    {
        var slots = _state.SlotsOf(service.Id);
        var next = _after is { } after && ComparesToOwner(service, after) == 0 ? after.Slot : 0;
        var mostMissed = Math.Min(MostMissedSlots, slots.Count);
        for (var missed = 0; missed < mostMissed; next++)
        {
            if (!slots.TryGetValue(new SlotKey(service.Id, next, default), out var ids))
            {
                missed++;
                continue;
            }

            missed = 0;
            foreach (var task in FirstOf(service, ids.Select(id => _state.Tasks[id])))
            {
                yield return task;
            }
        }

        var rest = slots.Where(s => s.Key.Slot >= next).SelectMany(s => s.Value).Select(id => _state.Tasks[id]);
        foreach (var task in FirstOf(service, rest))
        {
            yield return task;
        }
    }

    private IEnumerable<TaskRecord> FirstOf(ServiceRecord service, IEnumerable<TaskRecord> tasks)
    {
        var kept = new PriorityQueue<TaskRecord, TaskPlace>(
            Comparer<TaskPlace>.Create(static (a, b) => b.CompareTo(a)));
        foreach (var task in tasks.Where(t => Matches(service, t)))
        {
            var place = PlaceOf(service, task);
            if (_after is { } after && place.CompareTo(after) <= 0)
            {
                continue;
            }

            if (kept.Count < _most)
            {
                kept.Enqueue(task, place);
            }
            else
            {
                kept.EnqueueDequeue(task, place);
            }
        }

        return kept.UnorderedItems.OrderBy(i => i.Priority).Select(i => i.Element);
    }

    private bool Matches(ServiceRecord service, TaskRecord task) =>
        (_desired.Count == 0 || _desired.Contains(task.DesiredState))
        && Filters.Begins(_request.Ids, task.Id.Value)
        && (_request.Names.Count == 0 || Filters.Begins(_request.Names, TaskNames.Of(service.Spec.Name, task)));

    private TaskPlace PlaceOf(TaskRecord task) => PlaceOf(_state.Services[task.ServiceId], task);

    private static TaskPlace PlaceOf(ServiceRecord service, TaskRecord task) => new(
        service.Spec.Name, service.Id.Value, task.Slot, task.NodeId.IsNone || task.Slot > 0 ? "" : task.NodeId.Value,
        -task.CreatedAt.UtcTicks, task.Id.Value);

    /// <summary>Where a task stands in the list.</summary>
    private readonly record struct TaskPlace(
        string ServiceName, string ServiceId, ulong Slot, string NodeId, long Newness, string Id)
        : IComparable<TaskPlace>
    {
        internal static TaskPlace? Read(IReadOnlyList<string> parts) =>
            parts.Count == PlaceParts
            && ulong.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var slot)
            && long.TryParse(parts[4], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var newness)
                ? new TaskPlace(parts[0], parts[1], slot, parts[3], newness, parts[5])
                : null;

        internal IReadOnlyList<string> Parts() =>
        [
            ServiceName, ServiceId, Slot.ToString(CultureInfo.InvariantCulture), NodeId,
            Newness.ToString(CultureInfo.InvariantCulture), Id,
        ];

        public int CompareTo(TaskPlace other) =>
            string.CompareOrdinal(ServiceName, other.ServiceName) is not 0 and var byName ? byName
            : string.CompareOrdinal(ServiceId, other.ServiceId) is not 0 and var byService ? byService
            : Slot.CompareTo(other.Slot) is not 0 and var bySlot ? bySlot
            : string.CompareOrdinal(NodeId, other.NodeId) is not 0 and var byNode ? byNode
            : Newness.CompareTo(other.Newness) is not 0 and var byTime ? byTime
            : string.CompareOrdinal(Id, other.Id);
    }
}
