using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// The scheduler puts tasks on the nodes that have the fewest of their service and then the fewest at all, in the order
/// of their slots; among nodes that are equal ids decide. Ids and numbers of slots are chance: here is every plan that
/// the same state would lead to under other names.
/// </summary>
internal static class Placements
{
    /// <summary>All plans, the given one among them.</summary>
    public static List<ImmutableArray<StoreAction>> Of(ModelState state, ImmutableArray<StoreAction> plan)
    {
        if (!plan.Any(a => NodeOf(a).IsNone == false)
            || SmallModelCommand.Nodes.Any(n => state.Cluster.Nodes[n].State != NodeStatus.Types.State.Ready))
            return [plan];
        var found = new List<ImmutableArray<StoreAction>>();
        Place(new Load(state, plan), plan, 0, found);
        Invariant.Check(found.Exists(f => f.Select(NodeOf).SequenceEqual(plan.Select(NodeOf))));
        return found;
    }

    /// <summary>Services one after the other, the tasks of each in any order.</summary>
    private static void Place(
        Load load, ImmutableArray<StoreAction> plan, int service, List<ImmutableArray<StoreAction>> found)
    {
        if (service == SmallModelCommand.Services.Length)
        {
            if (!found.Exists(f => f.Select(NodeOf).SequenceEqual(plan.Select(NodeOf))))
                found.Add(plan);
            return;
        }
        var id = SmallModelCommand.Services[service];
        var open = Enumerable.Range(0, plan.Length).Where(
            i => !NodeOf(plan[i]).IsNone && load.ServiceOf(plan[i]) == id).ToList();
        foreach (var order in Orders(open))
            Place(load, plan, (service, order), found);
    }

    private static void Place(
        Load load, ImmutableArray<StoreAction> plan, (int Service, ImmutableList<int> Open) rest,
        List<ImmutableArray<StoreAction>> found)
    {
        if (rest.Open.IsEmpty)
        {
            Place(load, plan, rest.Service + 1, found);
            return;
        }
        var at = rest.Open[0];
        foreach (var node in load.Best(rest.Service))
            Place(
                load.With(rest.Service, node), plan.SetItem(at, On(plan[at], SmallModelCommand.Nodes[node])),
                (rest.Service, rest.Open.RemoveAt(0)), found);
    }

    private static IEnumerable<ImmutableList<int>> Orders(List<int> open) => open.Count switch
    {
        2 => [[open[0], open[1]], [open[1], open[0]]],
        < 2 => [[.. open]],
        _ => throw new InvariantException("more tasks of a service than slots"),
    };

    private static NodeId NodeOf(StoreAction action) => action switch
    {
        StoreAction.CreateTask a => a.Task.NodeId,
        StoreAction.AssignTask a => a.Node,
        _ => default,
    };

    private static StoreAction On(StoreAction action, NodeId node) => action switch
    {
        StoreAction.CreateTask a => new StoreAction.CreateTask(a.Task with { NodeId = node }),
        StoreAction.AssignTask a => a with { Node = node },
        _ => action,
    };

    /// <summary>What lies where: of each service in slots, and in all.</summary>
    private sealed class Load
    {
        private readonly ModelState _state;
        private readonly int[,] _slots = new int[2, 2];
        private readonly int[] _total = new int[2];

        public Load(ModelState state, ImmutableArray<StoreAction> plan)
        {
            _state = state;
            var stopped = plan.OfType<StoreAction.SetDesiredState>().Where(a => !a.Desired.IsWanted())
                .Select(a => a.Id).ToHashSet();
            var placed = plan.OfType<StoreAction.CreateTask>().Select(a => a.Task.Key)
                .Concat(plan.OfType<StoreAction.AssignTask>().Select(a => state.Cluster.Tasks[a.Id].Key)).ToHashSet();
            for (var service = 0; service < 2; service++)
            {
                foreach (var (key, ids) in state.Cluster.SlotsOf(SmallModelCommand.Services[service]))
                {
                    var live = ids.Select(i => state.Cluster.Tasks[i])
                        .Where(t => t.IsLive && !stopped.Contains(t.Id)).ToList();
                    foreach (var task in live.Where(t => !t.NodeId.IsNone))
                        _total[IndexOf(task.NodeId)]++;
                    if (live.Count > 0 && !live[^1].NodeId.IsNone && !placed.Contains(key))
                        _slots[service, IndexOf(live[^1].NodeId)]++;
                }
            }
        }

        private Load(Load other)
        {
            _state = other._state;
            _slots = (int[,])other._slots.Clone();
            _total = (int[])other._total.Clone();
        }

        public ServiceId ServiceOf(StoreAction action) => action switch
        {
            StoreAction.CreateTask a => a.Task.ServiceId,
            StoreAction.AssignTask a => _state.Cluster.Tasks[a.Id].ServiceId,
            _ => default,
        };

        public Load With(int service, int node)
        {
            var next = new Load(this);
            next._slots[service, node]++;
            next._total[node]++;
            return next;
        }

        public int[] Best(int service)
        {
            var (one, two) = ((_slots[service, 0], _total[0]), (_slots[service, 1], _total[1]));
            return one.CompareTo(two) switch { < 0 => [0], > 0 => [1], _ => [0, 1] };
        }

        private static int IndexOf(NodeId node) => node == SmallModelCommand.Nodes[0] ? 0 : 1;
    }
}
