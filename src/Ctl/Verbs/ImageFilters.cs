using System.Text.RegularExpressions;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>One row of `image ls`: a tag, or a repository without one.</summary>
internal readonly record struct ImageRowName(string Repository, string Tag, string Digest);

/// <summary>Which images, and which of their names, `image ls` shows.</summary>
internal sealed class ImageFilters
{
    private const RegexOptions Plain = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private ImageFilters()
    {
    }

    internal IReadOnlyList<string> Labels { get; private init; } = [];

    private IReadOnlyList<Regex> Patterns { get; init; } = [];

    private bool? Dangling { get; init; }

    /// <summary>Built after it.</summary>
    private long? SinceNs { get; init; }

    /// <summary>Built before it.</summary>
    private long? BeforeNs { get; init; }

    internal static async Task<ImageFilters> ReadAsync(
        Cli.Ctl ctl, string[] texts, string? pattern, CancellationToken ct)
    {
        var filters = VerbParts.Filters(texts, "before", "dangling", "label", "reference", "since", "until");
        var before = new List<long>();
        var since = new List<long>();
        foreach (var name in filters["before"])
        {
            before.Add((await ImageParts.InspectAsync(ctl, name, ct).ConfigureAwait(false)).Image.CreatedNs);
        }

        foreach (var name in filters["since"])
        {
            since.Add((await ImageParts.InspectAsync(ctl, name, ct).ConfigureAwait(false)).Image.CreatedNs);
        }

        before.AddRange(filters["until"].Select(u => Moments.Ns("--filter until", u, TimeProvider.System)));
        return new ImageFilters
        {
            Labels = [.. filters["label"]],
            Patterns = [.. filters["reference"].Concat(pattern is null ? [] : [pattern]).Select(Pattern)],
            Dangling = filters["dangling"].Select(d => (bool?)VerbParts.Flag("dangling", d)).LastOrDefault(),
            BeforeNs = before.Count > 0 ? before.Min() : null,
            SinceNs = since.Count > 0 ? since.Max() : null,
        };
    }

    /// <summary>The rows of an image that are wanted.</summary>
    internal IEnumerable<ImageRowName> Names(ImageView image)
    {
        if ((BeforeNs is { } before && image.CreatedNs >= before)
            || (SinceNs is { } since && image.CreatedNs <= since)
            || (Dangling is { } dangling && dangling != (image.Tags.Count == 0)))
        {
            return [];
        }

        return All(image).Where(n => Patterns.Count == 0 || Patterns.Any(p =>
            n.Repository != ImageParts.None && (p.IsMatch(n.Repository) || p.IsMatch($"{n.Repository}:{n.Tag}"))));
    }

    private static IEnumerable<ImageRowName> All(ImageView image)
    {
        var digests = image.Digests.Select(d => d.Split('@')).ToLookup(d => d[0], d => d[^1]);
        var tagged = image.Tags.Select(ImageParts.Split).ToList();
        foreach (var (repository, tag) in tagged)
        {
            yield return new ImageRowName(repository, tag, digests[repository].FirstOrDefault() ?? ImageParts.None);
        }

        foreach (var repository in digests.Where(d => tagged.All(t => t.Repository != d.Key)))
        {
            yield return new ImageRowName(repository.Key, ImageParts.None, repository.First());
        }

        if (tagged.Count == 0 && digests.Count == 0)
        {
            yield return new ImageRowName(ImageParts.None, ImageParts.None, ImageParts.None);
        }
    }

    /// <summary>Docker's patterns: * and ? stand for anything but a slash.</summary>
    private static Regex Pattern(string glob) => new(
        @"\A" + Regex.Escape(glob).Replace(@"\*", "[^/]*", StringComparison.Ordinal)
            .Replace(@"\?", "[^/]", StringComparison.Ordinal) + @"\z",
        Plain);
}
