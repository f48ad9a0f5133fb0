using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Which parts of a spec a container is made from. Its labels, number of replicas, update and restart policies and
/// ingress ports are not among them: changing these touches no task.
/// </summary>
internal static class Differences
{
    internal static SpecDifference Between(ServiceSpec old, ServiceSpec now)
    {
        if (ReferenceEquals(old, now))
        {
            return SpecDifference.None;
        }

        if (!HostPorts(old).SequenceEqual(HostPorts(now)) || !Container(old).Equals(Container(now)))
        {
            return SpecDifference.Container;
        }

        return Equals(old.Task?.Placement ?? new Placement(), now.Task?.Placement ?? new Placement())
            ? SpecDifference.None
            : SpecDifference.Placement;
    }

    private static IEnumerable<PortConfig> HostPorts(ServiceSpec spec) =>
        (spec.Endpoint?.Ports ?? []).Where(p => !p.IsIngress());

    private static TaskSpec Container(ServiceSpec spec)
    {
        var task = spec.Task?.Clone() ?? new TaskSpec();
        task.Restart = null;
        task.Placement = null;
        return task;
    }
}
