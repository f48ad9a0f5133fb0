using System.Collections.Immutable;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>
/// Generic resources that are given away, by kind. A node has a number of a kind, or named ones of it; who asks gets
/// a number, or as many names (behaviour.md J).
/// </summary>
public sealed record GenericHoldings
{
    private readonly ImmutableSortedDictionary<string, long> _counts;
    private readonly ImmutableSortedDictionary<string, ImmutableSortedSet<string>> _names;

    private GenericHoldings(
        ImmutableSortedDictionary<string, long> counts,
        ImmutableSortedDictionary<string, ImmutableSortedSet<string>> names) => (_counts, _names) = (counts, names);

    /// <summary>Nothing is given away.</summary>
    public static GenericHoldings None { get; } = new(
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, ImmutableSortedSet<string>>(StringComparer.Ordinal));

    /// <summary>True when nothing is given away.</summary>
    public bool IsEmpty => _counts.IsEmpty && _names.IsEmpty;

    /// <summary>How many of a kind are left of what a node has; negative when more is given away than it has.</summary>
    public long Free(Resources? has, string kind)
    {
        var left = -_counts.GetValueOrDefault(kind);
        foreach (var resource in Of(has, kind))
        {
            left += resource.Names.Count == 0 ? resource.Count : resource.Names.Count(n => !IsTaken(kind, n));
        }

        return left;
    }

    /// <summary>A share of the free ones: names where the node has them, the first ones first. Null when there are not
    /// enough.</summary>
    public GenericResource? Choose(Resources? has, GenericResource wanted)
    {
        var names = Of(has, wanted.Kind).SelectMany(r => r.Names).Distinct()
            .Where(n => !IsTaken(wanted.Kind, n)).Order(StringComparer.Ordinal).ToList();
        if (names.Count >= wanted.Count)
        {
            return new GenericResource { Kind = wanted.Kind, Names = { names.Take((int)wanted.Count) } };
        }

        // A kind is either counted or named on a node: named ones are no numbers.
        var counted = Of(has, wanted.Kind).Where(r => r.Names.Count == 0).Sum(r => r.Count)
            - _counts.GetValueOrDefault(wanted.Kind);
        return counted >= wanted.Count ? new GenericResource { Kind = wanted.Kind, Count = wanted.Count } : null;
    }

    /// <summary>Everything that is given away of it is there, and free or held by this very share.</summary>
    public bool Fits(Resources? has, GenericResource share) => share.Names.Count == 0
        ? Of(has, share.Kind).Where(r => r.Names.Count == 0).Sum(r => r.Count)
            - _counts.GetValueOrDefault(share.Kind) >= share.Count
        : share.Names.All(n => Of(has, share.Kind).Any(r => r.Names.Contains(n)) && !IsTaken(share.Kind, n));

    /// <summary>With one more share given away.</summary>
    public GenericHoldings With(GenericResource share) => share.Names.Count > 0
        ? new(_counts, _names.SetItem(share.Kind, Named(share.Kind).Union(share.Names)))
        : new(_counts.SetItem(share.Kind, _counts.GetValueOrDefault(share.Kind) + share.Count), _names);

    /// <summary>A share came back.</summary>
    public GenericHoldings Without(GenericResource share)
    {
        if (share.Names.Count > 0)
        {
            var left = Named(share.Kind).Except(share.Names);
            return new(_counts, left.IsEmpty ? _names.Remove(share.Kind) : _names.SetItem(share.Kind, left));
        }

        var count = _counts.GetValueOrDefault(share.Kind) - share.Count;
        return new(count == 0 ? _counts.Remove(share.Kind) : _counts.SetItem(share.Kind, count), _names);
    }

    /// <summary>As the nodes' resources are shown: a kind and what is held of it.</summary>
    public override string ToString() => string.Join(
        ", ", _counts.Select(c => $"{c.Key}={c.Value}").Concat(
            _names.SelectMany(n => n.Value.Select(v => $"{n.Key}={v}"))));

    private static IEnumerable<GenericResource> Of(Resources? has, string kind) =>
        has?.Generic.Where(r => r.Kind == kind) ?? [];

    private bool IsTaken(string kind, string name) => _names.TryGetValue(kind, out var taken) && taken.Contains(name);

    private ImmutableSortedSet<string> Named(string kind) => _names.GetValueOrDefault(
        kind, ImmutableSortedSet.Create<string>(StringComparer.Ordinal));
}
