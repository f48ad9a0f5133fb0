namespace Swarm.Runtime.Images;

/// <summary>An image of this machine as people see it: everything that has the same config is one image.</summary>
public sealed record StoredImage
{
    /// <summary>Digest of its config.</summary>
    public required ImageDigest Id { get; init; }

    /// <summary>Digest of its manifest for this platform.</summary>
    public required ImageDigest Manifest { get; init; }

    /// <summary>Its tags as docker shows them (busy:1, 10.99.0.5:5000/web:1), sorted.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Where it can be had again, as repository@sha256:…, sorted.</summary>
    public required IReadOnlyList<string> Digests { get; init; }

    /// <summary>What it says about running it; of no content when its config is damaged on the disk.</summary>
    public required ImageConfig Config { get; init; }

    /// <summary>Content of the files of its layers, the lowest first; layers that it has twice count once.</summary>
    public required IReadOnlyList<long> LayerBytes { get; init; }

    /// <summary>When it came to this machine.</summary>
    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>When a task last wanted it.</summary>
    public required DateTimeOffset UsedAt { get; init; }

    /// <summary>Ids of tasks and containers that use it now.</summary>
    public required IReadOnlyList<string> UsedBy { get; init; }

    /// <summary>Ids of services that run it or may be rolled back to it.</summary>
    public required IReadOnlyList<string> KeptFor { get; init; }

    /// <summary>Content of the files of its layers together.</summary>
    public long Bytes => LayerBytes.Sum();

    /// <summary>The digests under which it is complete.</summary>
    internal IReadOnlyList<ImageDigest> Records { get; init; } = [];

    /// <summary>The tags as the store has them.</summary>
    internal IReadOnlyList<string> TagKeys { get; init; } = [];

    /// <summary>True when it could be pulled again.</summary>
    internal bool CanComeBack => Digests.Count > 0;

    internal string ShortId => Id.Hex[..12];
}

/// <summary>What a removal did.</summary>
/// <param name="Untagged">Tags and digests that are gone, as docker shows them.</param>
/// <param name="Deleted">Ids of images, then of layers.</param>
/// <param name="Bytes">Freed on the disk.</param>
public sealed record RemovedImages(IReadOnlyList<string> Untagged, IReadOnlyList<ImageDigest> Deleted, long Bytes);
