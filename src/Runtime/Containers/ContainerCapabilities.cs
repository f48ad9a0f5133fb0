using Swarm.Model;

namespace Swarm.Runtime.Containers;

/// <summary>The capabilities that a container gets.</summary>
public static class ContainerCapabilities
{
    /// <summary>
    /// Docker's default set without NET_RAW (ARP spoofing), MKNOD, AUDIT_WRITE, SETPCAP and SYS_CHROOT.
    /// </summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
        "CAP_SETFCAP", "CAP_SETGID", "CAP_SETUID",
    ];

    /// <summary>All that the kernel knows, in the kernel's order.</summary>
    private static readonly string[] All =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>
    /// Default + add − drop, in the kernel's order. As with docker, drop ALL is done first and add ALL before single
    /// drops.
    /// </summary>
    /// <exception cref="ContainerException">A name that does not exist.</exception>
    public static IReadOnlyList<string> Effective(IReadOnlyList<string> add, IReadOnlyList<string> drop)
    {
        var added = add.Select(Normalize).ToHashSet();
        var dropped = drop.Select(Normalize).ToHashSet();
        var set = dropped.Contains(AllName) ? [] : Default.ToHashSet();
        if (added.Contains(AllName))
            set.UnionWith(All);
        set.ExceptWith(dropped);
        set.UnionWith(added);
        return [.. All.Where(set.Contains)];
    }

    private const string AllName = "ALL";

    private static string Normalize(string name) => Capabilities.IsKnown(name)
        ? Capabilities.Canonical(name)
        : throw new ContainerException($"unknown capability \"{name}\"; use a name like NET_ADMIN or ALL");
}
