namespace Swarm.Runtime.Containers;

/// <summary>What one copy may cost. The defaults are for production; tests use smaller ones.</summary>
public sealed record CopyLimits
{
    internal const int MaxPathBytes = 4095;
    internal const int MaxDepth = 256;

    /// <summary>Files, directories and links of one copy.</summary>
    public long MaxEntries { get; init; } = 1_000_000;

    /// <summary>Content of all files together.</summary>
    public long MaxBytes { get; init; } = 64L << 30;
}

/// <summary>What is at a path of a container.</summary>
/// <param name="IsDirectory">A directory, not a link to one.</param>
/// <param name="LinkTarget">Empty unless it is a link.</param>
/// <param name="Size">Bytes of a file.</param>
public sealed record ContainerPathFacts(bool IsDirectory, string LinkTarget, long Size);
