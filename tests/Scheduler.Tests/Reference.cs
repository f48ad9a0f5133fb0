using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler.Tests;

/// <summary>The rules of the scheduler told as simply as can be: a list of nodes, and a look at all of them.</summary>
internal sealed class Reference
{
    private readonly ClusterState _state;
    private readonly DateTimeOffset _now;
    private readonly List<Place> _places;

    internal Reference(ClusterState state, DateTimeOffset now) =>
        (_state, _now, _places) = (state, now, [.. state.Nodes.Values.Select(n => new Place(n, state))]);

    /// <summary>Every placement was the best one when it was made, and what was left has no place.</summary>
    internal void Check(ServiceRecord service, GroupResult result)
    {
        foreach (var place in _places)
        {
            var mine = _state.TasksOn(place.Node.Id).Where(t => t.ServiceId == service.Id).ToList();
            place.Slots = place.Placed.Count(s => s == service.Id) + mine.Count(t => t.IsLive);
            place.Failures = mine.Count(t => t.Status.State is TaskState.Failed or TaskState.Rejected
                && t.SpecVersion == service.SpecVersion
                && t.Status.AppliedAt > _now.AddMinutes(-PlacementRound.FaultyMinutes));
        }

        foreach (var placement in result.Placements)
        {
            var chosen = _places.Single(p => p.Node.Id == placement.Node);
            Assert.True(chosen.Takes(service.Spec), $"{chosen.Node.Id} cannot take it");
            Assert.All(Leaf(service.Spec, chosen).Where(p => p.Takes(service.Spec)), p => Assert.True(
                p.Rank.CompareTo(chosen.Rank) >= 0, $"{p.Node.Id} {p.Rank} beats {chosen.Node.Id} {chosen.Rank}"));
            chosen.Take(service, placement);
        }

        Assert.True(result.Unplaced.IsEmpty || !_places.Exists(p => p.Takes(service.Spec)), "somebody could take it");
    }

    /// <summary>The nodes of the chosen one's branch, which at each level has fewest slots of all that can take one.
    /// </summary>
    private List<Place> Leaf(ServiceSpec spec, Place chosen)
    {
        var all = _places;
        foreach (var label in spec.Task.Placement.Preferences.Select(p => p["spread=node.labels.".Length..]))
        {
            var branches = all.GroupBy(p => p.Node.Spec.Labels[label]).Where(b => b.Any(p => p.Takes(spec))).ToList();
            var own = branches.Single(b => b.Key == chosen.Node.Spec.Labels[label]);
            Assert.All(branches, b => Assert.True(b.Sum(p => p.Slots) >= own.Sum(p => p.Slots), "a fuller branch"));
            all = [.. own];
        }

        return all;
    }

    /// <summary>A node, with what was placed on it so far.</summary>
    private sealed class Place(NodeRecord node, ClusterState state)
    {
        private readonly List<TaskRecord> _holding =
            [.. state.TasksOn(node.Id).Where(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running)];

        private readonly List<GenericResource> _given = [];
        private long _taken;
        private int _more;

        internal NodeRecord Node => node;

        internal List<ServiceId> Placed { get; } = [];

        internal int Slots { get; set; }

        internal int Failures { get; set; }

        internal (int Failures, int Slots, int Total) Rank => (
            Failures >= PlacementRound.FaultyAfterFailures ? Failures : 0, Slots,
            state.TasksOn(node.Id).Count(t => t.IsLive) + _more);

        internal bool Takes(ServiceSpec spec)
        {
            var memory = node.Description!.Resources.MemoryBytes - _taken
                - _holding.Sum(t => state.SpecOf(t).Task.Reservations.MemoryBytes);
            var max = spec.Task.Placement.MaxReplicasPerNode;
            return node.IsSchedulable
                && (spec.Task.Reservations.MemoryBytes == 0 || spec.Task.Reservations.MemoryBytes <= memory)
                && spec.Task.Reservations.Generic.All(g => Free() >= g.Count)
                && (spec.Task.Placement.Constraints.Count == 0 || node.Spec.Labels["zone"] != "z0")
                && (max == 0 || (ulong)Slots < max);
        }

        internal void Take(ServiceRecord service, Placement placement)
        {
            var wanted = service.Spec.Task.Reservations.Generic.Sum(g => g.Count);
            var names = _holding.SelectMany(t => t.Generic).Concat(_given).SelectMany(g => g.Names).ToHashSet();
            Assert.Equal(wanted, placement.Generic.Sum(g => Math.Max(g.Count, g.Names.Count)));
            Assert.All(placement.Generic.SelectMany(g => g.Names), n => Assert.True(names.Add(n), $"{n} given twice"));
            _taken += service.Spec.Task.Reservations.MemoryBytes;
            _given.AddRange(placement.Generic);
            Placed.Add(service.Id);
            (_more, Slots) = (_more + 1, Slots + 1);
        }

        private long Free()
        {
            var given = _holding.SelectMany(t => t.Generic).Concat(_given);
            return node.Description!.Resources.Generic.Sum(g => Math.Max(g.Count, g.Names.Count))
                - given.Sum(g => Math.Max(g.Count, g.Names.Count));
        }
    }
}
