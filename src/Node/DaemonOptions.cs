using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Volumes;

namespace Swarm.Node;

/// <summary>How this daemon was started: flags win over the configuration file, the file over the defaults.</summary>
internal sealed record DaemonOptions
{
    /// <summary>Everything this node has to remember.</summary>
    public string DataDir { get; init; } = "/var/lib/swarm";

    /// <summary>Where swarmctl talks to this daemon.</summary>
    public string Socket { get; init; } = "/run/swarm/swarm.sock";

    /// <summary>For what a reboot ends: network namespaces.</summary>
    public string RunDir { get; init; } = "/run/swarm";

    /// <summary>Registries that may be asked over HTTP: host, host:port or CIDR.</summary>
    public IReadOnlyList<string> InsecureRegistries { get; init; } = [];

    /// <summary>[HOST=]MIRROR: registries that are asked before another one; without HOST before Docker Hub.</summary>
    public IReadOnlyList<string> RegistryMirrors { get; init; } = [];

    /// <summary>Bytes that images may take, with k, m, g or t; empty = as many as leave the disk some space.</summary>
    public string ImageBudget { get; init; } = "";

    /// <summary>Paths of this host that containers may mount; empty = all that are no danger to it, "none" = no
    /// path.</summary>
    public IReadOnlyList<string> AllowMounts { get; init; } = [];

    /// <summary>FIRST:COUNT, the host's ids of the users of containers; empty = theirs are the host's.</summary>
    public string UsernsRemap { get; init; } = "";

    /// <summary>Empty = the host's own name.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Absolute path within the cgroup trees under which all containers of this daemon live.</summary>
    public string CgroupParent { get; init; } = "/swarm";

    /// <summary>Containers end with the daemon; default is that they go on.</summary>
    public bool StopContainers { get; init; }

    /// <summary>IP:PORT for Prometheus' scraper while this node is a manager; empty = nowhere.</summary>
    public string MetricsAddr { get; init; } = "";

    /// <summary>The metrics may be read from other hosts too.</summary>
    public bool MetricsPublic { get; init; }

    /// <summary>Details of what the daemon does.</summary>
    public bool Debug { get; init; }

    /// <summary>key=value of this engine, for constraints engine.labels.*.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>KIND=NUMBER or KIND=NAME: what this node has to give to tasks that reserve it.</summary>
    public IReadOnlyList<string> NodeGenericResources { get; init; } = [];

    private static readonly JsonSerializerOptions FileForm = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    internal const string Usage = """
        Usage: swarmd [OPTIONS]

        One node of a swarm: a worker, and a manager while it is one. Drive it with swarmctl.

          --data-dir DIR             what this node remembers (default /var/lib/swarm)
          --socket PATH              where swarmctl connects (default /run/swarm/swarm.sock)
          --run-dir DIR              network namespaces of containers (default /run/swarm)
          --config FILE              JSON with the same names: {"data-dir": "…", "insecure-registries": ["…"]}
          --insecure-registry HOST   a registry that may be asked over HTTP (repeat for more)
          --registry-mirror [HOST=]MIRROR
                                     a registry that is asked before HOST (default docker.io) for what is pulled
                                     (repeat for more; in the file: "registry-mirrors")
          --image-budget SIZE        bytes that images may take (50g); beyond it those that tasks brought and none
                                     needs are removed (default: no budget; a tenth of the disk is always left free)
          --allow-mount PATH         containers may mount this path of the host and what is below, and none that is not
                                     listed; none = no path at all (default: all but /, what is below /proc, /sys and
                                     /dev, and swarmd's own; repeat for more; in the file: "allow-mounts")
          --userns-remap FIRST:COUNT containers get user namespaces: their root is FIRST on the host, which is nobody
                                     there (100000:65536; default: root of a container is the host's)
          --hostname NAME            name of this node (default: the host's)
          --cgroup-parent PATH       cgroup of all containers of this node (default /swarm)
          --label KEY=VALUE          label of this engine, for constraints engine.labels.KEY (repeat for more)
          --node-generic-resource KIND=VALUE
                                     a number of some kind, or one by name (gpu=2; gpu=a gpu=b), that tasks may
                                     reserve (repeat for more; in the file: "node-generic-resources")
          --stop-containers          end containers when the daemon ends (default: they go on)
          --metrics-addr IP:PORT     metrics of this manager in Prometheus' text format, /metrics (default: off);
                                     they are given to whoever asks, so the address has to be a loopback one
          --metrics-public           allow --metrics-addr on any address
          --debug                    log details
          --version, --help
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">One line: which flag and why.</exception>
    internal static DaemonOptions Parse(string[] args)
    {
        var words = new Queue<string>(args.SelectMany(SplitEquals));
        var options = new DaemonOptions();
        var flags = new List<(string Name, string? Value)>();
        while (words.TryDequeue(out var flag))
        {
            if (flag is "--stop-containers" or "--debug" or "--metrics-public")
            {
                flags.Add((flag, null));
                continue;
            }

            if (!words.TryDequeue(out var value))
            {
                throw new FormatException($"{flag} needs a value, or is unknown; see swarmd --help");
            }

            flags.Add((flag, value));
        }

        if (flags.LastOrDefault(f => f.Name == "--config").Value is { } file)
        {
            options = ReadFile(file);
        }

        options = flags.Aggregate(options, (current, flag) => current.With(flag.Name, flag.Value));
        options.MetricsEndpoint();
        options.Mirrors();
        options.ImageBudgetBytes();
        options.GenericResources();
        options.HostPaths();
        options.UserRange();
        return options;
    }

    /// <summary>Where the metrics are served; null = nowhere.</summary>
    /// <exception cref="FormatException">No IP:PORT, or not a loopback one and nobody allowed that.</exception>
    internal IPEndPoint? MetricsEndpoint()
    {
        if (MetricsAddr.Length == 0)
        {
            return null;
        }

        if (!MetricsAddr.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(MetricsAddr, out var endpoint)
            || endpoint.Port == 0)
        {
            throw new FormatException($"--metrics-addr '{MetricsAddr}': must be IP:PORT, as 127.0.0.1:9323");
        }

        return MetricsPublic || IPAddress.IsLoopback(endpoint.Address)
            ? endpoint
            : throw new FormatException(
                $"--metrics-addr '{MetricsAddr}': whoever reaches it can read it, so it has to be a loopback address; "
                + "add --metrics-public if that is what you want");
    }

    /// <summary>What this node has of generic resources.</summary>
    /// <exception cref="FormatException">One line: which and why.</exception>
    internal IReadOnlyList<Protocol.V1.GenericResource> GenericResources() =>
        Model.GenericResources.ParseNode(NodeGenericResources);

    /// <summary>What of this host containers may mount.</summary>
    /// <exception cref="FormatException">No absolute path.</exception>
    internal HostPaths HostPaths()
    {
        const string nothing = "none";
        var allowed = AllowMounts.Count == 0 ? null : AllowMounts.Where(static p => p != nothing).ToList();
        try
        {
            return new HostPaths(allowed, [DataDir, RunDir, Socket]);
        }
        catch (FormatException e)
        {
            throw new FormatException($"--allow-mount {e.Message}", e);
        }
    }

    /// <summary>Ids for the user namespaces of containers; null = they have none.</summary>
    /// <exception cref="FormatException">No range.</exception>
    internal IdRange? UserRange()
    {
        try
        {
            return UsernsRemap.Length == 0 ? null : IdRange.Parse(UsernsRemap);
        }
        catch (FormatException e)
        {
            throw new FormatException($"--userns-remap {e.Message}", e);
        }
    }

    /// <summary>0 = no budget.</summary>
    /// <exception cref="FormatException">No size.</exception>
    internal long ImageBudgetBytes()
    {
        const int unitBits = 10;
        if (ImageBudget.Length == 0)
        {
            return 0;
        }

        var shift = unitBits * (" kmgt".IndexOf(char.ToLowerInvariant(ImageBudget[^1]), StringComparison.Ordinal));
        return long.TryParse(
            shift > 0 ? ImageBudget[..^1] : ImageBudget, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && size > 0 && size <= long.MaxValue >> Math.Max(0, shift)
            ? size << Math.Max(0, shift)
            : throw new FormatException(
                $"--image-budget '{ImageBudget}': must be a number of bytes, with k, m, g or t (powers of 1024)");
    }

    /// <summary>Mirrors by the registry that they stand in for.</summary>
    /// <exception cref="FormatException">One is no host.</exception>
    internal IReadOnlyDictionary<string, IReadOnlyList<string>> Mirrors()
    {
        try
        {
            return RegistryMirrors.Select(m => m.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                    ? (Host: CredentialStore.HostOf(m[..at]), Mirror: CredentialStore.HostOf(m[(at + 1)..]))
                    : (Host: CredentialStore.HostOf(""), Mirror: CredentialStore.HostOf(m)))
                .GroupBy(m => m.Host)
                .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g.Select(m => m.Mirror)]);
        }
        catch (ImageException e)
        {
            throw new FormatException($"--registry-mirror: {e.Message}", e);
        }
    }

    private DaemonOptions With(string name, string? value) => name switch
    {
        "--config" => this,
        "--data-dir" => this with { DataDir = Path.GetFullPath(value!) },
        "--socket" => this with { Socket = Path.GetFullPath(value!) },
        "--run-dir" => this with { RunDir = Path.GetFullPath(value!) },
        "--insecure-registry" => this with { InsecureRegistries = [.. InsecureRegistries, value!] },
        "--registry-mirror" => this with { RegistryMirrors = [.. RegistryMirrors, value!] },
        "--userns-remap" => this with { UsernsRemap = value! },
        "--allow-mount" => this with { AllowMounts = [.. AllowMounts, value!] },
        "--image-budget" => this with { ImageBudget = value! },
        "--hostname" => this with { Hostname = value! },
        "--cgroup-parent" when value!.StartsWith('/') => this with { CgroupParent = value },
        "--label" when value!.IndexOf('=', StringComparison.Ordinal) is > 0 and var at => this with
        {
            Labels = new Dictionary<string, string>(Labels) { [value[..at]] = value[(at + 1)..] },
        },
        "--node-generic-resource" => this with { NodeGenericResources = [.. NodeGenericResources, value!] },
        "--metrics-addr" => this with { MetricsAddr = value! },
        "--metrics-public" => this with { MetricsPublic = true },
        "--stop-containers" => this with { StopContainers = true },
        "--debug" => this with { Debug = true },
        _ => throw new FormatException($"{name} {value}: unknown flag or bad value; see swarmd --help"),
    };

    private static IEnumerable<string> SplitEquals(string word)
    {
        var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals < 0 ? [word] : [word[..equals], word[(equals + 1)..]];
    }

    private static DaemonOptions ReadFile(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<DaemonOptions>(File.ReadAllText(file), FileForm)
                ?? throw new FormatException($"--config {file}: the file is empty");
        }
        catch (JsonException e)
        {
            throw new FormatException($"--config {file}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"--config {file}: {e.Message}", e);
        }
    }
}
