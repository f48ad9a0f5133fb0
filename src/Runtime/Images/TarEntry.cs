namespace Swarm.Runtime.Images;

internal enum TarKind
{
    File,
    HardLink,
    Symlink,
    Device,
    Directory,
    Fifo,
}

/// <summary>One entry of a tar archive as it stands there: nothing is trusted or cleaned yet.</summary>
internal sealed record TarEntry
{
    internal required TarKind Kind { get; init; }

    internal required byte[] Name { get; init; }

    /// <summary>Target of a link, for others empty.</summary>
    internal required byte[] LinkName { get; init; }

    /// <summary>Permission bits with setuid, setgid and sticky.</summary>
    internal required uint Mode { get; init; }

    internal required uint Uid { get; init; }

    internal required uint Gid { get; init; }

    /// <summary>Bytes of content that follow; 0 for all but files.</summary>
    internal required long Size { get; init; }

    internal required long MtimeSeconds { get; init; }

    internal required int MtimeNanoseconds { get; init; }

    /// <summary>Extended attributes of the PAX form, name without the SCHILY.xattr prefix.</summary>
    internal IReadOnlyList<KeyValuePair<string, byte[]>> Attributes { get; init; } = [];
}
