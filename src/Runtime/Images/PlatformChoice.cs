namespace Swarm.Runtime.Images;

/// <summary>Which image of an index is for this machine. Pure.</summary>
internal static class PlatformChoice
{
    private const string Linux = "linux";
    private const string Unknown = "unknown";

    /// <summary>Platforms an index has images for; attestations (platform unknown) are none.</summary>
    internal static IReadOnlyList<ImagePlatform> Offered(ManifestDocument.Index index) =>
        [.. index.Manifests.Select(m => m.Platform).OfType<ImagePlatform>().Where(p => p.Os != Unknown).Distinct()];

    /// <summary>
    /// The best of the entries for linux and the architecture: its usual variant before others. An only entry that
    /// names no platform is taken.
    /// </summary>
    /// <exception cref="ImageException">There is none.</exception>
    internal static Descriptor Choose(ManifestDocument.Index index, string architecture, ImageReference reference)
    {
        var fitting = index.Manifests
            .Where(m => m.Platform is { Os: Linux } p && p.Architecture == architecture)
            .OrderBy(m => Rank(architecture, m.Platform!.Variant))
            .FirstOrDefault();
        if (fitting is not null && Rank(architecture, fitting.Platform!.Variant) < int.MaxValue)
            return fitting;
        if (index.Manifests is [{ Platform: null } only])
            return only;
        var offered = string.Join(", ", Offered(index));
        throw new ImageException(
            ImageErrorKind.NotFound,
            $"No such image: {reference} for linux/{architecture}; it is offered for "
            + $"{(offered.Length > 0 ? offered : "nothing")}");
    }

    /// <summary>Lower is better; MaxValue does not run here for sure.</summary>
    private static int Rank(string architecture, string variant) => (architecture, variant) switch
    {
        (_, "") => 1,
        ("amd64", "v1") or ("arm64", "v8") or ("arm", "v7") => 0,
        ("arm", "v6") => 2,
        ("arm", "v5") => 3,
        _ => int.MaxValue,
    };
}
