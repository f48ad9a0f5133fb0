using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>
/// The flags of docker run. Those that services have too are read by the same code under the services' names; those
/// that a container on this node cannot have are refused by name.
/// </summary>
internal static class RunFlags
{
    internal static readonly IReadOnlyList<ServiceFlag> Known =
    [
        new("add-host", "list", "Lines of /etc/hosts: name:ip"),
        new("cap-add", "list", "Add Linux capabilities"),
        new("cap-drop", "list", "Drop Linux capabilities"),
        new("cidfile", "string", "Write the container's id to this new file"),
        new("constraint", "list", "Placed by the swarm on a node that fits: node.labels.disk==ssd"),
        new("cpus", "decimal", "CPUs that it may use at most"),
        new("detach", "", "Run it in the background and print its id", "-d"),
        new("detach-keys", "string", $"Keys that leave it alone (default {DetachKeys.Default})"),
        new("dns", "list", "Name servers"),
        new("dns-option", "list", "Options of the resolver"),
        new("dns-search", "list", "Search domains"),
        new("entrypoint", "string", "Program instead of the image's entrypoint"),
        new("env", "list", "Environment variables", "-e"),
        new("env-file", "list", "Files of environment variables"),
        new("group-add", "list", "Supplementary groups"),
        new("hostname", "string", "Name of the container's host"),
        new("init", "", "Run an init process as PID 1"),
        new("interactive", "", "Keep its input open", "-i"),
        new("isolation", "string", "Kind of isolation; on Linux there is default only"),
        new("label", "list", "Labels of the container", "-l"),
        new("log-driver", "string", "How the log is kept: json-file, local, journald or none"),
        new("log-opt", "list", "max-size, max-file, labels, labels-regex, env, env-regex, tag"),
        new("memory", "bytes", "Memory that it may use at most", "-m"),
        new("mount", "mount", "type=volume|bind|tmpfs,source=…,target=…[,readonly]"),
        new("name", "string", "Name of the container"),
        new("network", "network", "default, or none"),
        new("node", "string", "Placed on this node of the swarm, by its name or id"),
        new("oom-score-adj", "int", "Who is killed first when memory runs out, -1000 to 1000"),
        new("pids-limit", "int", "Processes that it may have at most (default 4096)"),
        new("placed", "", "Let the swarm choose the node"),
        new("publish", "list", "PUBLISHED:TARGET[/udp], on the container's node alone", "-p"),
        new("pull", "string", "missing (default), always or never"),
        new("quiet", "", "No progress of a pull", "-q"),
        new("read-only", "", "Mount the root file system read-only"),
        new("rm", "", "Remove it, with its anonymous volumes, when it has ended"),
        new("sig-proxy", "", "Pass signals on to it (default true)"),
        new("stop-signal", "string", "Signal that asks it to stop"),
        new("stop-timeout", "int", "Seconds between that signal and SIGKILL"),
        new("sysctl", "list", "Kernel settings of the container: net.core.somaxconn=1024"),
        new("tmpfs", "list", "TARGET[:size=64m,mode=1777,ro]"),
        new("tty", "", "Give it a terminal", "-t"),
        new("ulimit", "ulimit", "Limits of the processes: nofile=1024:2048"),
        new("user", "string", "User of the process: name|uid[:group|gid]", "-u"),
        new("volume", "list", "[SOURCE:]TARGET[:ro,nocopy]: a volume's name or a path of this node", "-v"),
        new("with-registry-auth", "", "Placed: its node pulls with what `login` stored on this one"),
        new("workdir", "string", "Directory in which the process starts", "-w"),
    ];

    private static readonly string[] RefusedSwitches =
        ["disable-content-trust", "no-healthcheck", "oom-kill-disable", "privileged", "publish-all", "use-api-socket"];

    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        ["add-host"] = "host", ["cpus"] = "limit-cpu", ["group-add"] = "group", ["label"] = "container-label",
        ["memory"] = "limit-memory", ["pids-limit"] = "limit-pids",
    };

    /// <summary>What `run` itself, or code of its own, acts upon.</summary>
    private static readonly HashSet<string> Own = new(StringComparer.Ordinal)
    {
        "cidfile", "detach", "detach-keys", "entrypoint", "interactive", "network", "node", "placed", "publish",
        "pull", "quiet", "rm", "sig-proxy", "stop-timeout", "tmpfs", "volume", "with-registry-auth",
    };

    /// <summary>Of docker's others: what to do instead.</summary>
    internal static IEnumerable<(string Name, bool IsSwitch, string Why)> Refused()
    {
        const string leave = "leave it out";
        foreach (var (why, names) in new[]
        {
            ("health checks belong to services; 'swarmctl service create' runs them", new[]
            {
                "health-cmd", "health-interval", "health-retries", "health-start-interval", "health-start-period",
                "health-timeout", "no-healthcheck",
            }),
            ("a container runs once; 'swarmctl service create' restarts it", ["restart"]),
            ("write -p PUBLISHED:TARGET", ["publish-all", "expose"]),
            ("use -m and --cpus", [
                "blkio-weight", "blkio-weight-device", "cpu-count", "cpu-percent", "cpu-period", "cpu-quota",
                "cpu-rt-period", "cpu-rt-runtime", "cpu-shares", "cpuset-cpus", "cpuset-mems", "device-read-bps",
                "device-read-iops", "device-write-bps", "device-write-iops", "io-maxbandwidth", "io-maxiops",
                "kernel-memory", "memory-reservation", "memory-swap", "memory-swappiness", "oom-kill-disable",
                "storage-opt",
            ]),
            ("containers get no devices and no privileges beyond --cap-add", [
                "device", "device-cgroup-rule", "gpus", "privileged", "security-opt", "userns", "pid", "ipc", "uts",
                "cgroupns", "cgroup-parent", "runtime", "use-api-socket",
            ]),
            ("addresses and names come from the swarm", [
                "ip", "ip6", "link", "link-local-ip", "mac-address", "network-alias", "domainname",
            ]),
            ("name each volume with -v", ["volumes-from", "volume-driver"]),
            ("images are of this node's platform", ["platform"]),
            ("use -i, or -d", ["attach"]),
            ("use --label", ["label-file", "annotation"]),
            ("use --tmpfs /dev/shm:size=…", ["shm-size"]),
            ("digests are always checked", ["disable-content-trust"]),
        })
        {
            foreach (var name in names)
            {
                yield return (name, RefusedSwitches.Contains(name), $"{why}; {leave}");
            }
        }
    }

    /// <exception cref="UsageException">Every value that cannot be read, and every other fault besides.</exception>
    internal static CreateContainerRequest Build(
        FlagValues flags, string image, IReadOnlyList<string> args, string generatedName)
    {
        var shared = flags.Given.Where(f => !Own.Contains(f))
            .ToDictionary(f => Renamed.GetValueOrDefault(f, f), flags.All, StringComparer.Ordinal);
        var network = flags.Last("network") ?? "default";
        if (network is not ("default" or "bridge" or "none"))
        {
            throw new CtlException(
                ExitCode.Refused,
                $"--network '{network}': there is no such network on this node; use default or none");
        }

        // What is only here is read first, so that its faults are told together with the others.
        var task = SpecBuilder.Create(new FlagValues(shared), image, args, "run").Task;
        task.Container.Mounts.Add(flags.All("volume").Select(v => RunMounts.Volume("--volume", v)));
        task.Container.Mounts.Add(flags.All("tmpfs").Select(t => RunMounts.Tmpfs("--tmpfs", t)));
        flags.Apply("entrypoint", v => task.Container.Command.Add(v.Length > 0
            ? v
            : throw new UsageException("--entrypoint '': cannot be empty; name a program")));
        flags.Apply("stop-timeout", v =>
            task.Container.StopGracePeriodNs = (long)Units.Count("--stop-timeout", v) * 1_000_000_000);
        if (flags.Faults.Count > 0)
        {
            throw new UsageException(string.Join('\n', flags.Faults));
        }

        var request = new CreateContainerRequest
        {
            Spec = task,
            Name = flags.Last("name") ?? generatedName,
            Networked = network != "none",
            Stdin = flags.IsOn("interactive"),
            RemoveAtEnd = flags.IsOn("rm"),
        };
        request.Ports.Add(flags.All("publish").SelectMany(p => Publish("--publish", p)));
        return request.Ports.Count == 0 || request.Networked
            ? request
            : throw new UsageException("--publish needs a network; leave --network none out");
    }

    /// <summary>As of services, but always on this node alone.</summary>
    private static IEnumerable<PortConfig> Publish(string flag, string text)
    {
        if (text.Split('/')[0].Count(c => c == ':') > 1)
        {
            throw new UsageException(
                $"{flag} '{text}': addresses of the host are not supported; write PUBLISHED:TARGET");
        }

        foreach (var port in Ports.Parse(flag, text))
        {
            port.PublishMode = PortConfig.Types.PublishMode.Host;
            yield return port.PublishedPort > 0 ? port : throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"{flag} '{text}': the published port is missing; write PUBLISHED:{port.TargetPort}"));
        }
    }
}
