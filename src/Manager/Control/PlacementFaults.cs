using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;

namespace Swarm.Manager.Control;

/// <summary>Faults of constraints and preferences, by the scheduler's own grammar.</summary>
internal static class PlacementFaults
{
    internal static IEnumerable<SpecFault> Of(ServiceSpec spec)
    {
        var placement = spec.Task?.Placement;
        for (var i = 0; i < (placement?.Constraints.Count ?? 0); i++)
        {
            if (!ConstraintParser.TryParse(placement!.Constraints[i], out _, out var error))
            {
                yield return Fault($"task.placement.constraints[{i}]", placement.Constraints[i], error);
            }
        }

        for (var i = 0; i < (placement?.Preferences.Count ?? 0); i++)
        {
            if (!ConstraintParser.TryParsePreference(placement!.Preferences[i], out _, out var error))
            {
                yield return Fault($"task.placement.preferences[{i}]", placement.Preferences[i], error);
            }
        }
    }

    /// <summary>The parser's sentence is "rule; remedy".</summary>
    private static SpecFault Fault(string field, string value, string sentence)
    {
        var parts = sentence.Split("; ", 2);
        return SpecFault.Shown(field, value, parts[0], parts.Length > 1 ? parts[1] : "see docs/design/planning.md");
    }
}
