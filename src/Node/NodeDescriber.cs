using System.Globalization;
using System.Runtime.InteropServices;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Node;

/// <summary>What this host is and has.</summary>
internal static class NodeDescriber
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    internal static NodeDescription Describe(DaemonOptions options, string runtime)
    {
        var description = new NodeDescription
        {
            Hostname = options.Hostname.Length > 0 ? options.Hostname : Environment.MachineName,
            Platform = new Platform { Os = "linux", Architecture = Architecture() },
            Resources = new Resources
            {
                NanoCpus = Environment.ProcessorCount * 1_000_000_000L,
                MemoryBytes = MemoryBytes(),
            },
            EngineVersion = DaemonProgram.Version,
            BootId = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "",
            Runtime = runtime,
            StoreFormat = StoreFormat.Newest,
        };
        description.Resources.Generic.Add(options.GenericResources());
        description.EngineLabels.Add(options.Labels.ToDictionary());
        return description;
    }

    /// <summary>"Debian GNU/Linux 12 (bookworm)"</summary>
    internal static string OperatingSystem()
    {
        const string file = "/etc/os-release";
        const string key = "PRETTY_NAME=";
        var line = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))
            : null;
        return line is null ? RuntimeInformation.OSDescription : line[key.Length..].Trim('"');
    }

    private static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "x86_64",
        System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static long MemoryBytes()
    {
        const string key = "MemTotal:";
        var line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith(key, StringComparison.Ordinal));
        var kib = line[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.Parse(kib, CultureInfo.InvariantCulture) * 1024;
    }
}
