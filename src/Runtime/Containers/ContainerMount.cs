namespace Swarm.Runtime.Containers;

public enum ContainerMountKind
{
    Bind,
    Tmpfs,
}

/// <summary>One mount that the user asked for.</summary>
public sealed record ContainerMount
{
    public required ContainerMountKind Kind { get; init; }

    /// <summary>Host path; only for binds.</summary>
    public string Source { get; init; } = "";

    /// <summary>The user named this path of the host: it has to be one that containers of this node may have.</summary>
    public bool FromHost { get; init; }

    /// <summary>Where the source is held for the runtime, which takes it from there; "" = the source itself.</summary>
    public string HeldAt { get; init; } = "";

    public required string Target { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>private, rprivate, slave, rslave, shared or rshared; binds only.</summary>
    public string Propagation { get; init; } = "rprivate";

    /// <summary>Binds only: leave mounts below the source out.</summary>
    public bool NonRecursive { get; init; }

    /// <summary>Size in bytes; tmpfs only, 0 = the kernel's default (half of the memory).</summary>
    public long TmpfsBytes { get; init; }

    /// <summary>Permission bits; tmpfs only.</summary>
    public int TmpfsMode { get; init; } = 0x3FF; // 01777

    /// <summary>Further flags: nosuid, nodev, noexec, noatime.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];
}
