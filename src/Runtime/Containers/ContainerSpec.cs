namespace Swarm.Runtime.Containers;

/// <summary>What one container shall be, in plain values. Paths are absolute and clean.</summary>
public sealed record ContainerSpec
{
    /// <summary>1–64 characters of [a-zA-Z0-9_.-], not beginning with a dot or dash; unique on the node.</summary>
    public required string Id { get; init; }

    /// <summary>A mounted root file system of the container's own (mount points are created inside it).</summary>
    public required string RootfsPath { get; init; }

    /// <summary>Program and arguments; a program without a slash is looked up in PATH of <see cref="Env"/>.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>KEY=value lines.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Labels for whoever looks at the bundle; nothing acts upon them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public string Cwd { get; init; } = "/";

    /// <summary>0 to 2^31-1; anything else is refused (containerd once took a larger number for root).</summary>
    public long Uid { get; init; }

    /// <summary>0 to 2^31-1.</summary>
    public long Gid { get; init; }

    public IReadOnlyList<long> AdditionalGids { get; init; } = [];

    public string Hostname { get; init; } = "";

    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    /// <summary>Memory limit in bytes; 0 = none. Swap is not granted on top of it.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>CPU limit in billionths of a core; 0 = none.</summary>
    public long NanoCpus { get; init; }

    /// <summary>Largest number of processes and threads.</summary>
    public long PidsLimit { get; init; } = DefaultPidsLimit;

    /// <summary>Absolute cgroup path under the runtime's parent; null = parent/Id.</summary>
    public string? CgroupPath { get; init; }

    /// <summary>
    /// Capabilities, with or without CAP_, on top of <see cref="ContainerCapabilities.Default"/>; ALL is allowed.
    /// </summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>Limits of setrlimit(2) of the process.</summary>
    public IReadOnlyList<ContainerUlimit> Ulimits { get; init; } = [];

    /// <summary>Kernel settings of its own namespaces: net.*, fs.mqueue.*, kernel.msg*, shm*, sem.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>-1000 to 1000, who is killed first when memory runs out; null = as the daemon.</summary>
    public int? OomScoreAdj { get; init; }

    public bool ReadOnlyRoot { get; init; }

    public bool Tty { get; init; }

    /// <summary>
    /// Without a terminal: standard input stays open for who attaches, and is at its end when the first of them closes
    /// it or goes. A terminal can always be typed to.
    /// </summary>
    public bool Stdin { get; init; }

    /// <summary>Run a small init (tini) as process 1, which reaps orphans and passes signals on.</summary>
    public bool Init { get; init; }

    /// <summary>Network namespace to join; null = a new, empty one.</summary>
    public string? NetnsPath { get; init; }

    /// <summary>A user namespace of its own with these ids of the host; null = its root is the host's.</summary>
    public IdRange? UserRange { get; init; }

    public bool NoNewPrivileges { get; init; } = true;

    /// <summary>Name (SIGTERM, TERM) or number of the signal that asks for the end.</summary>
    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>Time between the stop signal and SIGKILL when the caller of stop names none.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    public LogLimits Log { get; init; } = new();

    /// <summary>A person runs it, it is nobody's task.</summary>
    public bool OneOff { get; init; }

    public ContainerAbout About { get; init; } = new();

    /// <summary>Contents of /etc/resolv.conf, /etc/hosts and /etc/hostname; null = what the image has.</summary>
    public string? ResolvConf { get; init; }

    public string? Hosts { get; init; }

    public string? HostnameFile { get; init; }

    public const long DefaultPidsLimit = 4096;
}

/// <summary>One limit of setrlimit(2).</summary>
/// <param name="Name">nofile, nproc, core … without RLIMIT_.</param>
/// <param name="Soft">-1 = unlimited.</param>
/// <param name="Hard">-1 = unlimited; never below <paramref name="Soft"/>.</param>
public sealed record ContainerUlimit(string Name, long Soft, long Hard);

/// <summary>Bounds of one container's log on disk.</summary>
/// <param name="MaxFileBytes">Size at which a file is closed, at least 64 KiB.</param>
/// <param name="MaxFiles">Number of files kept, the current one included, 1 to 100.</param>
public sealed record LogLimits(long MaxFileBytes = LogLimits.DefaultMaxFileBytes, int MaxFiles = 3)
{
    public LogTarget Target { get; init; }

    public const long DefaultMaxFileBytes = 10 * 1024 * 1024;
    public const long SmallestFileBytes = 64 * 1024;
    public const int MostFiles = 100;
}

/// <summary>Where a container's output goes; the numbers stand on disks.</summary>
public enum LogTarget
{
    /// <summary>Rotated files of its own.</summary>
    Files = 0,

    /// <summary>The journal of the host, and the files for those who ask for the log.</summary>
    FilesAndJournal = 1,

    /// <summary>Nothing is kept.</summary>
    Nowhere = 2,
}
