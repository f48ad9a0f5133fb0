using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Tasks of one service that found no node. As long as the same tasks wait and no node changed that might take one,
/// asking again would give the same answer; and as long as the reason is the same nobody has to be told again.
/// </summary>
internal sealed class Standstill(
    ServiceId service, PersistentDictionary<TaskId, bool> waiting, PlacementGroup group, GroupResult result)
{
    private RefusedGroup? _refused;
    private string? _told;

    internal ServiceId Service => service;

    internal bool Holds(PersistentDictionary<TaskId, bool> now) =>
        _refused is { } refused && waiting.IsSame(now) && refused.Holds();

    /// <summary>Some task may not know the reason yet. Asked when all services were placed: what they took belongs to
    /// the reason.</summary>
    internal bool MustTell(PlacementRound round)
    {
        if (_refused is null)
        {
            _refused = round.Refuse(group, result);
            return true;
        }

        var same = _refused.Holds();
        return _told is null || (_refused.IsPinned ? !same : _told != _refused.Why);
    }

    internal IEnumerable<Refusal> Refusals(PlacementRound round, ClusterState state) =>
        round.Explain(group, result.Unplaced.Where(t => state.Tasks.ContainsKey(t.Id)), _refused!);

    /// <param name="all">Every task knew it already.</param>
    internal void Told(bool all) => _told = all ? _refused!.Why : null;
}
