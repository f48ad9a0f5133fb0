namespace Swarm.Runtime.Images;

/// <summary>What an image says about running it. Texts are empty and lists empty where it says nothing.</summary>
public sealed record ImageConfig
{
    /// <summary>Program and first arguments.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Default arguments.</summary>
    public IReadOnlyList<string> Cmd { get; init; } = [];

    /// <summary>KEY=value.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Absolute and clean, not below /proc, /sys or /dev; or empty.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary><c>user[:group]</c>, names or ids, as text: <see cref="Rootfs.RootfsUsers"/> looks it up.</summary>
    public string User { get; init; } = "";

    /// <summary>Name (SIGQUIT) or number.</summary>
    public string StopSignal { get; init; } = "";

    /// <summary>As 80/tcp.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>Absolute, clean paths that want a volume of their own.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Free texts; nothing here is ever acted upon.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The health check as the image has it (JSON of Docker's config), or null.</summary>
    public string? Healthcheck { get; init; }

    /// <summary>When it was built, if it says so.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Platform that the programs are for.</summary>
    public ImagePlatform Platform { get; init; } = new("", "");

    /// <summary>Digests of the uncompressed layers, the lowest first.</summary>
    public IReadOnlyList<ImageDigest> DiffIds { get; init; } = [];
}
