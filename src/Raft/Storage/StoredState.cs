namespace Swarm.Raft.Storage;

/// <summary>What a member finds when it starts.</summary>
/// <param name="Snapshot">What the snapshot stands for from which to go on, which <see
/// cref="RaftStorage.OpenSnapshot"/> opens; null when the log goes back to the first entry.</param>
/// <param name="HardState">The last one written; default when there is none.</param>
/// <param name="Entries">Contiguous entries after truncations. They may begin before the snapshot ends, never after
/// the entry that follows it.</param>
/// <param name="CutBytes">Length of the torn tail that was cut, 0 when there was none.</param>
public sealed record StoredState(
    SnapshotMark? Snapshot, HardState HardState, IReadOnlyList<RaftEntry> Entries, long CutBytes)
{
    /// <summary>Nothing was ever written here: this member has promised and acknowledged nothing.</summary>
    public bool IsEmpty => Snapshot is null && HardState == default && Entries.Count == 0;

    /// <summary>Lines for the operator about what was damaged and could be mended.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
