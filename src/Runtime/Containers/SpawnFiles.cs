namespace Swarm.Runtime.Containers;

/// <summary>Descriptors of a program that is started; what is negative is /dev/null, or not there.</summary>
internal sealed record SpawnFiles
{
    internal int Input { get; init; } = -1;

    internal int Output { get; init; } = -1;

    internal int Error { get; init; } = -1;

    /// <summary>Becomes descriptor 3.</summary>
    internal int Extra { get; init; } = -1;

    /// <summary>Path of a terminal that is all three, and the controlling one of a program that leads.</summary>
    internal string? Terminal { get; init; }

    /// <summary>It leads a session and a process group of its own.</summary>
    internal bool Leads { get; init; }
}
