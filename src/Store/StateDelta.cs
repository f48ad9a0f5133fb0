using System.Runtime.InteropServices;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// What differs between two states, found without looking at what they share: the price is the number of
/// differences. Whoever remembers something about a state brings it along to the next one with this.
/// </summary>
public sealed class StateDelta
{
    private StateDelta(ClusterState from, ClusterState to) => (From, To) = (from, to);

    /// <summary>The state before.</summary>
    public ClusterState From { get; }

    /// <summary>The state after.</summary>
    public ClusterState To { get; }

    /// <summary>The cluster object is another one.</summary>
    public bool Cluster => !ReferenceEquals(From.Cluster, To.Cluster);

    /// <summary>Services that came, changed or went; not those of which only tasks changed.</summary>
    public IReadOnlyList<Change<ServiceRecord>> Services => _services;

    /// <summary>Nodes that came, changed or went; not those of which only tasks changed.</summary>
    public IReadOnlyList<Change<NodeRecord>> Nodes => _nodes;

    /// <summary>What changed of the tasks of each service that has such.</summary>
    public IReadOnlyList<ServiceDelta> Tasks => _tasks;

    /// <summary>Nodes that some changed task names or named, and what their tasks hold after it.</summary>
    public IReadOnlyList<KeyValuePair<NodeId, NodeUsage>> Used => _used;

    private readonly List<ServiceDelta> _tasks = [];
    private readonly Dictionary<ServiceId, ServiceDelta> _byService = [];
    private readonly List<Change<ServiceRecord>> _services = [];
    private readonly List<Change<NodeRecord>> _nodes = [];
    private readonly List<KeyValuePair<NodeId, NodeUsage>> _used = [];
    private ServiceDelta? _last;

    /// <summary>The differences of two states, in an order that follows from the ids.</summary>
    public static StateDelta Between(ClusterState from, ClusterState to)
    {
        var delta = new StateDelta(from, to);
        if (!ReferenceEquals(from, to))
        {
            PersistentDiff.Visit(from.Services, to.Services, c => delta._services.Add(new(c.Before, c.After)));
            PersistentDiff.Visit(from.Nodes, to.Nodes, c => delta._nodes.Add(new(c.Before, c.After)));
            PersistentDiff.Visit(from.Tasks, to.Tasks, c => delta.Add(new(c.Before, c.After)));
            PersistentDiff.Visit(
                from.ByNode, to.ByNode, c => delta._used.Add(new(c.Key, c.Has ? c.After.Usage : NodeUsage.None)));
        }

        return delta;
    }

    /// <summary>What changed of one service's tasks; null when nothing did.</summary>
    public ServiceDelta? Of(ServiceId service) => _byService.GetValueOrDefault(service);

    private void Add(Change<TaskRecord> change)
    {
        var id = (change.After ?? change.Before!).ServiceId;
        if (_last is null || _last.Id != id)
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_byService, id, out var isKnown);
            _last = known ??= new ServiceDelta(id, From, To);
            if (!isKnown)
            {
                _tasks.Add(_last);
            }
        }

        _last.Add(change);
    }
}
