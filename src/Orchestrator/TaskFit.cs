using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Which tasks of a service are as its spec in force wants them. A task made from an older spec may be: when nothing
/// changed that its container would notice, or only where tasks may run and its node still is such a place.
/// </summary>
public sealed class TaskFit(ServiceRecord service)
{
    private readonly Dictionary<ulong, (SpecDifference Difference, PlacementRules Rules)> _versions = [];

    /// <summary>It has to be replaced for the spec in force to be true.</summary>
    /// <param name="task">A task of the service.</param>
    /// <param name="node">The node that it is assigned to; null when there is none, or none any more.</param>
    public bool IsOutdated(TaskRecord task, NodeRecord? node)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.SpecVersion == service.SpecVersion)
        {
            return false;
        }

        return Version(task.SpecVersion).Difference switch
        {
            SpecDifference.None => Planted.Has(PlantedBug.LabelsRestart),
            SpecDifference.Placement => node is null || !RulesOf(service.SpecVersion).Admits(node),
            _ => true,
        };
    }

    internal PlacementRules RulesOf(ulong specVersion) => Version(specVersion).Rules;

    private (SpecDifference Difference, PlacementRules Rules) Version(ulong version)
    {
        if (!_versions.TryGetValue(version, out var known))
        {
            var spec = service.KeptSpecs[version];
            _versions[version] = known = (Differences.Between(spec, service.Spec), PlacementRules.Of(spec));
        }

        return known;
    }
}
