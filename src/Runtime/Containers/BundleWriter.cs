using System.Text.Json.Nodes;

namespace Swarm.Runtime.Containers;

/// <summary>Facts of the host that shape a bundle.</summary>
/// <param name="LimitSwap">The memory controller can limit swap.</param>
/// <param name="CompiledSeccomp">The runtime takes a compiled filter as an annotation (crun).</param>
internal sealed record BundleHost(bool LimitSwap, bool CompiledSeccomp, string InitBinary, SeccompProfile Seccomp)
{
    /// <summary>Where a container that cannot mount /sys itself has it from.</summary>
    internal string KernelDevices { get; init; } = "";
}

/// <summary>Turns a checked specification into an OCI runtime specification (config.json).</summary>
internal static class BundleWriter
{
    private const string InitTarget = "/dev/init";
    private const string LabelAnnotation = "swarm.label.";
    private const string SeccompAnnotation = "run.oci.seccomp_bpf_data";

    private static readonly string[] Masked =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ];

    private static readonly string[] ReadOnly =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    internal static JsonObject Compose(
        ContainerSpec spec, BundleHost host, string cgroupPath, IReadOnlyList<ContainerMount> files)
    {
        var capabilities = ContainerCapabilities.Effective(spec.CapAdd, spec.CapDrop);
        var linux = Linux(spec, host, cgroupPath);
        var document = new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = Process(spec, capabilities),
            ["root"] = new JsonObject { ["path"] = spec.RootfsPath, ["readonly"] = spec.ReadOnlyRoot },
            ["mounts"] = BundleMounts.Compose(spec, files, host, spec.Init ? InitTarget : null),
            ["linux"] = linux,
        };
        if (spec.Hostname.Length > 0)
            document["hostname"] = spec.Hostname;
        // Runtimes act upon annotations of theirs: labels have names that none of them knows.
        var annotations = new JsonObject([.. spec.Labels.Select(
            static l => KeyValuePair.Create(LabelAnnotation + l.Key, (JsonNode?)JsonValue.Create(l.Value)))]);
        if (host.CompiledSeccomp)
            annotations[SeccompAnnotation] = Convert.ToBase64String(host.Seccomp.Compile(capabilities));
        else
            linux["seccomp"] = host.Seccomp.ToOci(capabilities);
        if (annotations.Count > 0)
            document["annotations"] = annotations;
        return document;
    }

    private static JsonObject Process(ContainerSpec spec, IReadOnlyList<string> capabilities)
    {
        var process = Identity(spec, capabilities);
        if (spec.Ulimits.Count > 0)
            process["rlimits"] = BundleLimits.Rlimits(spec);
        if (spec.OomScoreAdj is { } score)
            process["oomScoreAdj"] = score;
        return process;
    }

    private static JsonObject Identity(ContainerSpec spec, IReadOnlyList<string> capabilities) => new()
    {
        ["terminal"] = spec.Tty,
        ["user"] = new JsonObject
        {
            ["uid"] = spec.Uid,
            ["gid"] = spec.Gid,
            ["additionalGids"] = Numbers(spec.AdditionalGids),
        },
        ["args"] = Strings(spec.Init ? [InitTarget, "--", .. spec.Args] : spec.Args),
        ["env"] = Strings(spec.Env),
        ["cwd"] = spec.Cwd,
        ["capabilities"] = new JsonObject
        {
            ["bounding"] = Strings(capabilities),
            ["effective"] = Strings(capabilities),
            ["permitted"] = Strings(capabilities),
            // Inheritable and ambient stay empty: CVE-2022-29162.
            ["inheritable"] = new JsonArray(),
            ["ambient"] = new JsonArray(),
        },
        ["noNewPrivileges"] = spec.NoNewPrivileges,
    };

    private static JsonObject Linux(ContainerSpec spec, BundleHost host, string cgroupPath)
    {
        var namespaces = new JsonArray();
        foreach (var kind in new[] { "pid", "mount", "uts", "ipc", "cgroup" })
            namespaces.Add(new JsonObject { ["type"] = kind });
        var network = new JsonObject { ["type"] = "network" };
        if (spec.NetnsPath is not null)
            network["path"] = spec.NetnsPath;
        namespaces.Add(network);
        if (spec.UserRange is not null)
            namespaces.Add(new JsonObject { ["type"] = "user" });
        var linux = new JsonObject
        {
            ["cgroupsPath"] = cgroupPath,
            ["namespaces"] = namespaces,
            ["resources"] = BundleLimits.Resources(spec, host.LimitSwap),
            ["maskedPaths"] = Strings(Masked),
            ["readonlyPaths"] = Strings(ReadOnly),
        };
        if (spec.UserRange is { } range)
        {
            linux["uidMappings"] = Mapping(range);
            linux["gidMappings"] = Mapping(range);
        }
        var sysctls = NetnsSettings.OfRuntime(spec).ToList();
        if (sysctls.Count > 0)
            linux["sysctl"] = new JsonObject([.. sysctls.Select(
                static s => KeyValuePair.Create(s.Key, (JsonNode?)JsonValue.Create(s.Value)))]);
        return linux;
    }

    private static JsonArray Mapping(IdRange range) => new(new JsonObject
    {
        ["containerID"] = 0, ["hostID"] = range.First, ["size"] = range.Count,
    });

    internal static JsonArray Strings(IEnumerable<string> values) =>
        new([.. values.Select(static v => (JsonNode)JsonValue.Create(v))]);

    private static JsonArray Numbers(IEnumerable<long> values) =>
        new([.. values.Select(static v => (JsonNode)JsonValue.Create(v))]);
}
