namespace Swarm.Runtime.Images;

/// <summary>Operating system and CPU of an image, in Go's words (linux, amd64).</summary>
public sealed record ImagePlatform(string Os, string Architecture, string Variant = "")
{
    /// <inheritdoc/>
    public override string ToString() => Variant.Length > 0 ? $"{Os}/{Architecture}/{Variant}" : $"{Os}/{Architecture}";
}

/// <summary>A reference from one document to a blob.</summary>
internal sealed record Descriptor(string MediaType, ImageDigest Digest, long Size, ImagePlatform? Platform);

/// <summary>What a registry has under a tag or digest.</summary>
internal abstract record ManifestDocument
{
    private ManifestDocument()
    {
    }

    /// <summary>One image: its config and its layers, the lowest first.</summary>
    internal sealed record Image(Descriptor Config, IReadOnlyList<Descriptor> Layers) : ManifestDocument;

    /// <summary>Images for several platforms.</summary>
    internal sealed record Index(IReadOnlyList<Descriptor> Manifests) : ManifestDocument;
}
