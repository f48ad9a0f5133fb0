using System.Runtime.InteropServices;

namespace Swarm.Runtime.Images;

/// <summary>User name and password for one registry.</summary>
public sealed record RegistryCredentials(string User, string Password)
{
    /// <inheritdoc/>
    public override string ToString() => $"credentials of {User}";
}

/// <summary>How registries are spoken to.</summary>
public sealed record RegistryOptions
{
    /// <summary>
    /// Registries that may be reached by plain HTTP: host, host:port, or a network such as 10.0.0.0/8.
    /// </summary>
    public IReadOnlyList<string> InsecureHosts { get; init; } = [];

    /// <summary>
    /// Credentials of a registry, asked with the host as the reference has it (docker.io, 10.99.0.5:5000); null = none.
    /// They are sent to that registry and its token service only.
    /// </summary>
    public Func<string, RegistryCredentials?> Credentials { get; init; } = _ => null;

    /// <summary>
    /// Registries that are asked before another one, by the host of that other one (docker.io). What they have under a
    /// tag is believed; a digest is checked as always.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Mirrors { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Takes notes for the daemon's log.</summary>
    public Action<string> Log { get; init; } = _ => { };

    /// <summary>CPU architecture to choose from an index, in Go's words (amd64, arm64).</summary>
    public string Architecture { get; init; } = OwnArchitecture();

    /// <summary>Time until a registry must have accepted the connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time until the headers of an answer must be there, and longest silence within a body.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Slowest acceptable download in bytes per second, counted over a whole blob.</summary>
    public long MinBytesPerSecond { get; init; } = DefaultMinBytesPerSecond;

    /// <summary>How long a download may be slower at its beginning.</summary>
    public TimeSpan GraceBeforeRate { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Default of <see cref="MinBytesPerSecond"/>.</summary>
    public const long DefaultMinBytesPerSecond = 16 * 1024;

    private static string OwnArchitecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm",
        System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
        System.Runtime.InteropServices.Architecture.S390x => "s390x",
        System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
