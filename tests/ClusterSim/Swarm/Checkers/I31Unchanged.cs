using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>An equal spec is no new version, and what no container would notice replaces none.</summary>
internal sealed class I31Unchanged(World world, UpdateBook book) : Checker(world, "I31")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Services)
        {
            if (before is not null && after is not null && before.Spec.Equals(after.Spec))
                Require(
                    before.SpecVersion == after.SpecVersion || Equals(before.PreviousSpec, after.Spec),
                    () => $"{after.Id} has a new version of the same spec");
        }
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (before is not null || after is null || book.PlannedFor(after.Id) is not { } old
                || entry.Before.Tasks.Get(old.Id) is null)
                continue;
            var (was, now) = (entry.Before.SpecOf(old), entry.After.SpecOf(after));
            var node = entry.Before.Nodes.Get(old.NodeId);
            Require(
                Container(was) != Container(now) || node is null || !Fit.Admits(now, node),
                () => $"{old.Id} of {old.ServiceId} is replaced though its container is as the spec says");
        }
    }

    private static string Container(ServiceSpec spec)
    {
        var task = spec.Task.Clone();
        (task.Placement, task.Restart) = (null, null);
        return task + string.Concat((spec.Endpoint?.Ports ?? []).Where(p => !p.IsIngress()));
    }
}
