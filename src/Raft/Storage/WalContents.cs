namespace Swarm.Raft.Storage;

/// <summary>Where a log lives and to whom it belongs.</summary>
public sealed record WalOptions
{
    /// <summary>Segments are filled with zeros when they are made, so that a sync writes no metadata.</summary>
    public const int DefaultSegmentBytes = 16 << 20;

    /// <summary>The disk.</summary>
    public required IDisk Disk { get; init; }

    /// <summary>Directory of the log alone.</summary>
    public required string Directory { get; init; }

    /// <summary>A log of another cluster is refused.</summary>
    public required string ClusterId { get; init; }

    /// <summary>A log of another member is refused.</summary>
    public required RaftId Id { get; init; }

    /// <summary>Length of a segment; a record that is longer gets a segment of its own length.</summary>
    public int SegmentBytes { get; init; } = DefaultSegmentBytes;
}

/// <summary>What a log holds.</summary>
/// <param name="HardState">The last one written; default when there is none.</param>
/// <param name="Entries">Contiguous entries after truncations.</param>
/// <param name="CutBytes">Length of the torn tail that was cut, 0 when there was none.</param>
public sealed record WalContents(HardState HardState, IReadOnlyList<RaftEntry> Entries, long CutBytes);
