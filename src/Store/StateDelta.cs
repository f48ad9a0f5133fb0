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

    /// <summary>Tasks that came, changed or went.</summary>
    public IReadOnlyList<Change<TaskRecord>> Tasks => _tasks;

    /// <summary>Services that came, changed or went; not those of which only tasks changed.</summary>
    public IReadOnlyList<Change<ServiceRecord>> Services => _services;

    /// <summary>Nodes that came, changed or went; not those of which only tasks changed.</summary>
    public IReadOnlyList<Change<NodeRecord>> Nodes => _nodes;

    /// <summary>Nodes that some changed task names or named.</summary>
    public IReadOnlyList<NodeId> Used => _used;

    private readonly List<Change<TaskRecord>> _tasks = [];
    private readonly List<Change<ServiceRecord>> _services = [];
    private readonly List<Change<NodeRecord>> _nodes = [];
    private readonly List<NodeId> _used = [];

    /// <summary>The differences of two states, in an order that follows from the ids.</summary>
    public static StateDelta Between(ClusterState from, ClusterState to)
    {
        var delta = new StateDelta(from, to);
        if (!ReferenceEquals(from, to))
        {
            PersistentDiff.Visit(from.Services, to.Services, c => delta._services.Add(new(c.Before, c.After)));
            PersistentDiff.Visit(from.Nodes, to.Nodes, c => delta._nodes.Add(new(c.Before, c.After)));
            PersistentDiff.Visit(from.Tasks, to.Tasks, c => delta._tasks.Add(new(c.Before, c.After)));
            PersistentDiff.Visit(from.ByNode, to.ByNode, c => delta._used.Add(c.Key));
        }

        return delta;
    }
}
