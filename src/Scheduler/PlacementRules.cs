using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Scheduler;

/// <summary>What one spec asks of a node, parsed once.</summary>
public sealed class PlacementRules
{
    private readonly ImmutableArray<Constraint> _constraints;
    private readonly ImmutableArray<Platform> _platforms;
    private readonly bool _impossible;

    private PlacementRules(TaskSpec task)
    {
        var placement = task.Placement;
        var parsed = ImmutableArray.CreateBuilder<Constraint>();
        foreach (var text in placement?.Constraints ?? [])
        {
            // Validation refuses what cannot be parsed; what got in nevertheless matches nothing, as in docker.
            if (ConstraintParser.TryParse(text, out var constraint, out _))
            {
                parsed.Add(constraint);
            }
            else
            {
                _impossible = true;
            }
        }

        _constraints = parsed.ToImmutable();
        _platforms = [.. placement?.Platforms ?? []];
        NanoCpus = task.Reservations?.NanoCpus ?? 0;
        MemoryBytes = task.Reservations?.MemoryBytes ?? 0;
        Generic = [.. (task.Reservations?.Generic ?? []).Where(g => g.Count > 0)];
        MaxReplicas = placement?.MaxReplicasPerNode ?? 0;
        Spread = [.. (placement?.Preferences ?? [])
            .Select(p => ConstraintParser.TryParsePreference(p, out var label, out _)
                ? new SpreadLabel(label.Engine, label.Label) : default)
            .Where(l => l.Name is { Length: > 0 })];
        Key = AdmitsAll && Spread.Length == 0 ? "" : string.Join(
            '\n',
            (placement?.Constraints ?? []).Concat(_platforms.Select(p => $"{p.Os}/{p.Architecture}"))
                .Append("spread").Concat(Spread.Select(l => $"{l.Engine} {l.Name}")));
    }

    /// <summary>True when there is nothing to look at.</summary>
    public bool AdmitsAll => _constraints.IsEmpty && !_impossible && _platforms.IsEmpty;

    internal long NanoCpus { get; }

    internal long MemoryBytes { get; }

    /// <summary>Kinds of generic resources and how many of each.</summary>
    internal ImmutableArray<GenericResource> Generic { get; }

    internal ulong MaxReplicas { get; }

    internal SpreadLabel[] Spread { get; }

    /// <summary>The same for rules that admit the same nodes and spread over the same labels.</summary>
    internal string Key { get; }

    /// <summary>The rules of a spec.</summary>
    public static PlacementRules Of(ServiceSpec spec) => new(spec.Task ?? new TaskSpec());

    /// <summary>Constraints and platform hold, whatever else the node lacks: where a global service belongs.</summary>
    public bool Admits(NodeRecord node) => MeetsConstraints(node) && MeetsPlatform(node);

    internal bool MeetsPlatform(NodeRecord node) => Platforms.Admit(_platforms, node);

    internal bool MeetsConstraints(NodeRecord node)
    {
        foreach (var constraint in _constraints)
        {
            if (!constraint.Admits(node) && !Planted.Has(PlantedBug.ConstraintIgnored))
            {
                return false;
            }
        }

        return !_impossible;
    }
}
