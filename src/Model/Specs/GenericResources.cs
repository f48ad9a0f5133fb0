using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>
/// Generic resources as people write them: KIND=NUMBER, or KIND=NAME for one that can be told apart; several with
/// commas, or one after the other.
/// </summary>
public static class GenericResources
{
    /// <summary>Kinds of one node or reservation.</summary>
    public const int MaxKinds = 64;

    /// <summary>Names of one kind on a node.</summary>
    public const int MaxNames = 1_024;

    /// <summary>Of a kind or a name.</summary>
    public const int MaxChars = 64;

    /// <summary>Before the kind in the name of a container's environment variable, as docker has it.</summary>
    public const string VariablePrefix = "DOCKER_RESOURCE_";

    /// <summary>What a node has.</summary>
    /// <exception cref="FormatException">One line: what is wrong with which.</exception>
    public static IReadOnlyList<GenericResource> ParseNode(IEnumerable<string> words)
    {
        var kinds = new SortedDictionary<string, GenericResource>(StringComparer.Ordinal);
        foreach (var (kind, value) in words.SelectMany(Split))
        {
            var isNew = !kinds.TryGetValue(kind, out var known);
            known ??= kinds[kind] = new GenericResource { Kind = kind };
            if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                known.Count = isNew && count > 0 ? count : throw Bad(
                    $"{kind}={value}", "a number is given once for a kind, is at least 1, and goes with no names");
                continue;
            }

            if (known.Count > 0 || known.Names.Contains(value) || known.Names.Count == MaxNames || !IsWord(value))
            {
                throw Bad(
                    $"{kind}={value}",
                    "a name has letters, digits, - _ . and :, is given once, and goes with no number");
            }

            known.Names.Add(value);
        }

        return kinds.Count <= MaxKinds
            ? [.. kinds.Values]
            : throw new FormatException($"{kinds.Count} kinds of generic resources; {MaxKinds} are the limit");
    }

    /// <summary>What a task reserves: numbers only.</summary>
    /// <exception cref="FormatException">One line: what is wrong with which.</exception>
    public static IReadOnlyList<GenericResource> ParseReservation(IEnumerable<string> words)
    {
        var all = ParseNode(words);
        return all.FirstOrDefault(r => r.Names.Count > 0) is { } named
            ? throw Bad(
                $"{named.Kind}={named.Names[0]}",
                "a service asks for a number of them and cannot choose: write KIND=NUMBER")
            : all;
    }

    /// <summary>"gpu=2", "gpu=a,gpu=b".</summary>
    public static string Text(GenericResource resource) => resource.Names.Count == 0
        ? $"{resource.Kind}={resource.Count.ToString(CultureInfo.InvariantCulture)}"
        : string.Join(',', resource.Names.Select(n => $"{resource.Kind}={n}"));

    /// <summary>"DOCKER_RESOURCE_GPU=a,b": how a container learns what it has.</summary>
    public static string Variable(GenericResource share) =>
        VariablePrefix + share.Kind.ToUpperInvariant() + "=" + (share.Names.Count == 0
            ? share.Count.ToString(CultureInfo.InvariantCulture)
            : string.Join(',', share.Names));

    internal static void Check(Resources? reserved, FaultCollector faults)
    {
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var resource in reserved?.Generic ?? [])
        {
            if (!IsWord(resource.Kind) || !kinds.Add(resource.Kind))
            {
                faults.Add(
                    "reservations.generic", resource.Kind, "is no kind, or there twice",
                    $"use each kind once, of up to {MaxChars} letters, digits, - _ . and :");
            }

            if (resource.Names.Count > 0 || resource.Count < 1)
            {
                faults.Add(
                    "reservations.generic", Text(resource), "a reservation is a number of at least 1",
                    "write KIND=NUMBER");
            }
        }

        if (kinds.Count > MaxKinds)
        {
            faults.Add(
                "reservations.generic", $"{kinds.Count} kinds", $"there are more than {MaxKinds}", "use fewer");
        }
    }

    private static IEnumerable<(string Kind, string Value)> Split(string words)
    {
        foreach (var word in words.Split(','))
        {
            var parts = word.Split('=', 2);
            if (parts.Length != 2 || !IsWord(parts[0]) || parts[1].Length == 0)
            {
                throw Bad(word, "must be KIND=NUMBER or KIND=NAME, as gpu=2");
            }

            yield return (parts[0], parts[1]);
        }
    }

    private static bool IsWord(string text) => text.Length is > 0 and <= MaxChars
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');

    private static FormatException Bad(string word, string rule) => new($"generic resource '{word}': {rule}");
}
