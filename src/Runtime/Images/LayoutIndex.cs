using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>index.json of an OCI layout: which images it has and what they are called. Pure.</summary>
internal static class LayoutIndex
{
    /// <summary>The whole name, as containerd and docker write it.</summary>
    internal const string FullName = "io.containerd.image.name";

    /// <summary>The whole name or only the tag (OCI image specification).</summary>
    internal const string RefName = "org.opencontainers.image.ref.name";

    /// <exception cref="ImageException">It is no index, or names no image properly.</exception>
    internal static List<(ImageDigest Digest, IReadOnlyList<ImageReference> Tags)> Read(byte[] bytes)
    {
        if (ManifestParser.ParseStored(bytes) is not ManifestDocument.Index index)
            throw ImageException.Invalid("archive is refused: index.json is no index");
        using var json = JsonDocument.Parse(bytes);
        var names = json.RootElement.GetProperty("manifests").EnumerateArray().Select(Name).ToList();
        // The same image under several names has several entries.
        return [.. index.Manifests.Zip(names)
            .GroupBy(m => m.First.Digest)
            .Select(g => (g.Key, (IReadOnlyList<ImageReference>)[.. g.Select(m => m.Second).OfType<ImageReference>()
                .Distinct()]))];
    }

    /// <summary>A tag without a repository is no name here.</summary>
    private static ImageReference? Name(JsonElement entry)
    {
        if (!entry.TryGetProperty("annotations", out var all) || all.ValueKind != JsonValueKind.Object)
            return null;
        var name = Text(all, FullName) ?? (Text(all, RefName) is { } text && text.AsSpan().ContainsAny(':', '/')
            ? text : null);
        return name is null ? null : ImageInventory.ParseTag(name);
    }

    private static string? Text(JsonElement all, string key) =>
        all.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
