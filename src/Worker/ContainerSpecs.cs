using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.RoutingMesh;
using Swarm.Worker.Core;
using ContainerSpec = Swarm.Runtime.Containers.ContainerSpec;

namespace Swarm.Worker;

/// <summary>From a task's spec and its image's config to what the container runtime needs; the spec wins.</summary>
internal static class ContainerSpecs
{
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const long DefaultLogBytes = 10L << 20;
    private const int DefaultLogFiles = 3;
    private const int ShortIdChars = 12;

    /// <exception cref="TaskRejectedException">Nothing to run, an unknown user, a bad template.</exception>
    internal static ContainerSpec From(
        AssignedTask task, TaskHost host, ImageConfig image, string rootfs, ContainerNetwork network)
    {
        var spec = task.Spec.Container;
        var template = new TaskTemplate(task, host.NodeId, host.Description);
        var hostname = spec.Hostname.Length > 0 ? template.Expand(spec.Hostname) : task.Id[..ShortIdChars];
        var env = Environment(task, template, image, hostname);
        var user = RootfsUsers.Resolve(rootfs, spec.User.Length > 0 ? spec.User : image.User, spec.Groups);
        return new ContainerSpec
        {
            Id = task.Id,
            RootfsPath = rootfs,
            Args = Arguments(spec, image),
            Env = env,
            Cwd = Clean(FirstOf(spec.Workdir, image.WorkingDirectory, "/")),
            Uid = user.Uid,
            Gid = user.Gid,
            AdditionalGids = user.AdditionalGids,
            Hostname = hostname,
            Mounts =
            [
                .. spec.Mounts.Where(m => m.Type != Protocol.V1.Mount.Types.Type.Volume)
                    .Select(m => Mount(m, template)),
                .. PayloadMounts.Of(PayloadMounts.FolderOf(host.DirectoryOf(task.Id)), spec),
            ],
            MemoryBytes = task.Spec.Limits?.MemoryBytes ?? 0,
            NanoCpus = task.Spec.Limits?.NanoCpus ?? 0,
            PidsLimit = task.Spec.Limits?.Pids is > 0 and var pids ? pids : SpecDefaults.PidsLimit,
            CapAdd = [.. spec.CapabilityAdd.Select(Capabilities.Canonical)],
            CapDrop = [.. spec.CapabilityDrop.Select(Capabilities.Canonical)],
            Ulimits = [.. spec.Ulimits.Select(u => new ContainerUlimit(u.Name, u.Soft, u.Hard))],
            Sysctls = spec.Sysctls.ToDictionary(),
            Labels = spec.Labels.ToDictionary(),
            OomScoreAdj = spec.HasOomScoreAdj ? spec.OomScoreAdj : null,
            ReadOnlyRoot = spec.ReadOnly,
            Tty = spec.Tty,
            Stdin = spec.OpenStdin,
            Init = spec.HasInit && spec.Init,
            NetnsPath = network.NamespacePath,
            UserRange = host.Mapped?.Range,
            StopSignal = FirstOf(spec.StopSignal, image.StopSignal, "SIGTERM"),
            StopGrace = spec.StopGraceOrDefault(),
            Log = Log(task.Spec.LogDriver),
            ResolvConf = ResolvConf(spec),
            Hosts = Hosts(spec, hostname, network.Address.ToString()),
            HostnameFile = hostname + "\n",
            About = new ContainerAbout
            {
                Name = task.Name,
                Image = spec.Image,
                Address = network.Address.ToString(),
                Ports = [.. task.HostPorts.Select(Port)],
                ServiceId = task.ServiceId,
                ServiceName = task.ServiceName,
                LogDetails = LogDetails.Of(task.Spec.LogDriver, spec.Labels, env, (task.Id, task.Name, spec.Image)),
            },
        };
    }

    private static List<string> Arguments(Protocol.V1.ContainerSpec spec, ImageConfig image)
    {
        // As docker: a command of one's own also drops the image's default arguments.
        var entrypoint = spec.Command.Count > 0 ? spec.Command : image.Entrypoint;
        var arguments = spec.Args.Count > 0 || spec.Command.Count > 0 ? spec.Args : image.Cmd;
        List<string> all = [.. entrypoint, .. arguments];
        return all.Count > 0
            ? all
            : throw new TaskRejectedException(
                "no command specified: the image has neither entrypoint nor command; give one after the image");
    }

    private static List<string> Environment(
        AssignedTask task, TaskTemplate template, ImageConfig image, string hostname)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        void Set(string variable)
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            variables[equals < 0 ? variable : variable[..equals]] = equals < 0 ? variable + "=" : variable;
        }

        Set(DefaultPath);
        Set($"HOSTNAME={hostname}");
        if (task.ServiceId.Length > 0)
        {
            Set($"SWARM_TASK_NAME={task.Name}");
            Set($"SWARM_TASK_ID={task.Id}");
            Set($"SWARM_TASK_SLOT={task.Slot}");
            Set($"SWARM_SERVICE_NAME={task.ServiceName}");
            Set($"SWARM_NODE_HOSTNAME={task.NodeHostname}");
        }

        foreach (var variable in image.Env)
        {
            Set(variable);
        }

        foreach (var variable in task.Spec.Container.Env)
        {
            Set(template.Expand(variable));
        }

        // Last, as in docker: what a task was given cannot be talked away by its spec.
        foreach (var share in task.Generic)
        {
            Set(GenericResources.Variable(share));
        }

        return [.. variables.Values];
    }

    private static string Port(PortConfig port) =>
        $"{port.PublishedPort}:{port.TargetPort}/{port.Protocol.ToString().ToLowerInvariant()}";

    private static ContainerMount Mount(Mount mount, TaskTemplate template)
    {
        if (mount.Type == Protocol.V1.Mount.Types.Type.Tmpfs)
        {
            return new ContainerMount
            {
                Kind = ContainerMountKind.Tmpfs,
                Target = Clean(template.Expand(mount.Target)),
                ReadOnly = mount.ReadOnly,
                TmpfsBytes = mount.TmpfsSizeBytes,
                TmpfsMode = mount.TmpfsMode > 0 ? (int)mount.TmpfsMode : 0x3FF,
            };
        }

        var source = Clean(template.Expand(mount.Source));
        return Path.Exists(source)
            ? new ContainerMount
            {
                Kind = ContainerMountKind.Bind,
                Source = source,
                FromHost = true,
                Target = Clean(template.Expand(mount.Target)),
                ReadOnly = mount.ReadOnly,
                Propagation = mount.BindPropagation.Length > 0 ? mount.BindPropagation : "rprivate",
            }
            : throw new TaskRejectedException($"invalid mount config: bind source path does not exist: {source}");
    }

    private static LogLimits Log(LogDriver? driver)
    {
        var options = driver?.Options;
        var size = options is not null && options.TryGetValue(LogRules.MaxSize, out var s)
            ? LogRules.Size(s) ?? throw new TaskRejectedException($"log option max-size '{s}' is not a size; write 10m")
            : DefaultLogBytes;
        var files = int.TryParse(options?.GetValueOrDefault(LogRules.MaxFile), out var number)
            ? Math.Clamp(number, 1, LogLimits.MostFiles)
            : DefaultLogFiles;
        return new LogLimits(Math.Max(size, LogLimits.SmallestFileBytes), files)
        {
            Target = driver?.Name switch
            {
                LogRules.None => LogTarget.Nowhere,
                LogRules.Journald => LogTarget.FilesAndJournal,
                _ => LogTarget.Files,
            },
        };
    }

    private static string ResolvConf(Protocol.V1.ContainerSpec spec)
    {
        if (spec.DnsServers.Count + spec.DnsSearch.Count + spec.DnsOptions.Count == 0)
        {
            const string own = "/etc/resolv.conf";
            return File.Exists(own) ? File.ReadAllText(own) : "";
        }

        var lines = spec.DnsServers.Select(s => $"nameserver {s}").ToList();
        if (spec.DnsSearch.Count > 0)
        {
            lines.Add("search " + string.Join(' ', spec.DnsSearch));
        }

        if (spec.DnsOptions.Count > 0)
        {
            lines.Add("options " + string.Join(' ', spec.DnsOptions));
        }

        return string.Join('\n', lines) + "\n";
    }

    private static string Hosts(Protocol.V1.ContainerSpec spec, string hostname, string address) => string.Join('\n',
    [
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        .. spec.Hosts.Select(h => h.Replace(' ', '\t')),
        $"{address}\t{hostname}",
        "",
    ]);

    /// <summary>"/data/" and "/a//b" are what people write; the runtime wants one form. Nothing else is
    /// changed.</summary>
    internal static string Clean(string path) => path.StartsWith('/')
        ? "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        : path;

    private static string FirstOf(params string[] texts) => texts.First(t => t.Length > 0);
}
