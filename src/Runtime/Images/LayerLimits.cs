namespace Swarm.Runtime.Images;

/// <summary>What a single layer may cost. The defaults are for production; tests use smaller ones.</summary>
internal sealed record LayerLimits
{
    internal const long DefaultMaxUncompressedBytes = 64L << 30;
    internal const int DefaultMaxExpansionRatio = 200;
    internal const long DefaultFreeExpansionBytes = 64L << 20;
    internal const int DefaultMaxEntries = 2_000_000;
    internal const int DefaultMaxExtractSeconds = 1800;

    /// <summary>Longest path of an entry (PATH_MAX without its zero).</summary>
    internal const int MaxPathBytes = 4095;

    /// <summary>Longest single name (NAME_MAX).</summary>
    internal const int MaxNameBytes = 255;

    /// <summary>Deepest path of an entry; real images stay below 50.</summary>
    internal const int MaxDepth = 256;

    /// <summary>Largest PAX or GNU long-name header: it is held in memory.</summary>
    internal const int MaxExtendedHeaderBytes = 1 << 20;

    internal long MaxUncompressedBytes { get; init; } = DefaultMaxUncompressedBytes;

    /// <summary>Uncompressed bytes per compressed byte, beyond <see cref="FreeExpansionBytes"/>.</summary>
    internal int MaxExpansionRatio { get; init; } = DefaultMaxExpansionRatio;

    /// <summary>What may be unpacked before the ratio counts: small layers of zeros are no attack.</summary>
    internal long FreeExpansionBytes { get; init; } = DefaultFreeExpansionBytes;

    internal int MaxEntries { get; init; } = DefaultMaxEntries;

    internal int MaxExtractSeconds { get; init; } = DefaultMaxExtractSeconds;
}
