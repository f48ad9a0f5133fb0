using System.Diagnostics.CodeAnalysis;
using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>All workers: found by their id at once, gone through in its order.</summary>
internal sealed class WorkerBook
{
    private readonly SortedDictionary<NodeId, SimWorker> _ordered = [];
    private readonly Dictionary<NodeId, SimWorker> _byId = [];

    public SimWorker this[NodeId id] => _byId[id];

    public IReadOnlyCollection<NodeId> Keys => _ordered.Keys;

    public IReadOnlyCollection<SimWorker> Values => _ordered.Values;

    public bool TryGetValue(NodeId id, [MaybeNullWhen(false)] out SimWorker worker) =>
        _byId.TryGetValue(id, out worker);

    public void Add(SimWorker worker)
    {
        _byId.Add(worker.Id, worker);
        _ordered.Add(worker.Id, worker);
    }

    public void Remove(NodeId id)
    {
        _byId.Remove(id);
        _ordered.Remove(id);
    }
}
