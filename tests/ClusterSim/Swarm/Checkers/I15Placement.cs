using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A task gets a node that is ready, active and admitted by its spec, and leaves one that is not.</summary>
internal sealed class I15Placement(World world) : Checker(world, "I15")
{
    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        foreach (var action in plan.Actions)
        {
            var (service, version, id) = action switch
            {
                StoreAction.CreateTask { Task: { Status.State: TaskState.Assigned } t } =>
                    (t.ServiceId, t.SpecVersion, t.NodeId),
                StoreAction.AssignTask a when state.Tasks.Get(a.Id) is { } t => (t.ServiceId, t.SpecVersion, a.Node),
                _ => default,
            };
            if (id.IsNone)
                continue;
            var node = state.Nodes[id];
            Require(
                node is { State: NodeStatus.Types.State.Ready, Availability: NodeSpec.Types.Availability.Active },
                () => $"a task of {service} goes to {id}, which is {node.State} and {node.Availability}");
            Require(
                Fit.Admits(state.Services[service].KeptSpecs[version], node),
                () => $"a task of {service} goes to {id} against its constraints");
        }
    }

    public override void OnCalm()
    {
        foreach (var task in World.State.Tasks.Values.Where(t => t.IsLive && t.Status.State >= TaskState.Assigned))
        {
            var node = World.State.Nodes.Get(task.NodeId);
            Require(
                node is { MustBeEmptied: false }, () => $"task {task.Id} is on {task.NodeId}, {node?.Availability}");
            Require(
                node!.Availability != NodeSpec.Types.Availability.Active || Fit.Admits(World.State.SpecOf(task), node),
                () => $"task {task.Id} of {task.ServiceId} is on {node.Id} against its constraints");
        }
    }
}
