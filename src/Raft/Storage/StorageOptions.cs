using System.Security.Cryptography;

namespace Swarm.Raft.Storage;

/// <summary>Where log and snapshots of a member live, and to whom they belong.</summary>
public sealed record StorageOptions
{
    /// <summary>Segments are filled with zeros when they are made, so that a sync writes no metadata.</summary>
    public const int DefaultSegmentBytes = 16 << 20;

    /// <summary>The reserve holds so many segments when no size is given.</summary>
    public const int DefaultReserveSegments = 4;

    /// <summary>The disk.</summary>
    public required IDisk Disk { get; init; }

    /// <summary>Directory of log and snapshots alone.</summary>
    public required string Directory { get; init; }

    /// <summary>What belongs to another cluster is refused. At most <see cref="RaftLimits.MaxNameBytes"/>
    /// bytes.</summary>
    public required string ClusterId { get; init; }

    /// <summary>What belongs to another member is refused.</summary>
    public required RaftId Id { get; init; }

    /// <summary>Length of a segment of the log; a record that is longer gets a segment of its own length.</summary>
    public int SegmentBytes { get; init; } = DefaultSegmentBytes;

    /// <summary>
    /// Keys by whose ids files are read; the last one writes. None means plaintext (tests and benchmarks): then what is
    /// encrypted is refused, and with a key what is not.
    /// </summary>
    public IReadOnlyList<DataKey> Keys { get; init; } = [];

    /// <summary>Runs work that nobody waits for: the next segment is made there, and old files are deleted.</summary>
    public Action<Action> Aside { get; init; } =
        work => ThreadPool.UnsafeQueueUserWorkItem(static w => w(), work, preferLocal: false);

    /// <summary>
    /// Space that is kept from others for what has to be written although the disk is full. Null means
    /// <see cref="DefaultReserveSegments"/> segments, 0 none.
    /// </summary>
    public long? ReserveBytes { get; init; }

    /// <summary>So many random bytes that nobody can guess and that never come again; asked once for each
    /// file.</summary>
    public Func<int, byte[]> NewSalt { get; init; } = RandomNumberGenerator.GetBytes;

    /// <exception cref="StorageRefusedException">The file is of another cluster or member.</exception>
    internal void RequireOwn(string path, string clusterId, RaftId id)
    {
        if ((clusterId != ClusterId || id != Id) && !Planted.Breaks(Rule.R24))
            throw new StorageRefusedException(
                $"{path} belongs to member {id} of cluster {clusterId}, not to member {Id} of cluster {ClusterId}: "
                + "this is the disk of another manager, or an old one of this (docs/runbook/foreign-log.md)");
    }

    internal long Reserve => ReserveBytes ?? (long)SegmentBytes * DefaultReserveSegments;
}
