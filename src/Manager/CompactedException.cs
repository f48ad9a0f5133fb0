namespace Swarm.Manager;

/// <summary>What happened right after a revision is not remembered any more.</summary>
internal sealed class CompactedException(ulong asked, ulong oldest) : Exception(
    $"what happened after revision {asked} is forgotten, the oldest revision to watch from is {oldest}; "
    + "list the objects again and watch from the revision of that answer")
{
    /// <summary>Watching is possible after this one.</summary>
    internal ulong Oldest { get; } = oldest;
}
