using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A refused wish leaves no trace; names are unique (I46).</summary>
internal sealed class I44Refused(World world) : Checker(world, "I44")
{
    public override void OnCommitted(Committed entry)
    {
        if (entry.Origin == Origin.User && !entry.Result.Outcomes[0].IsApplied)
            Require(entry.Result.Changes.IsEmpty, () => $"refused, and something changed: {entry.Entry.Actions[0]}");
        if (entry.Result.Changes.Services.Length == 0)
            return;
        var names = entry.After.Services.Values.Where(s => !s.Removing)
            .Select(s => s.Spec.Name.ToUpperInvariant()).ToList();
        Require(names.Count == names.Distinct().Count(), "two services have one name");
    }
}
