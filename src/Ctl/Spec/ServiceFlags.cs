using System.CommandLine;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Spec;

/// <summary>A flag of service create or update.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Value">What stands after it, for help; empty for a switch.</param>
/// <param name="Help">One line.</param>
internal sealed record ServiceFlag(string Name, string Value, string Help, string? Alias = null)
{
    internal bool IsSwitch => Value.Length == 0;
}

/// <summary>
/// The flags of docker service create and update: those that this version does, and those that it refuses by name,
/// so that none is ever ignored.
/// </summary>
internal static class ServiceFlags
{
    /// <summary>In both commands, with the same name.</summary>
    internal static readonly IReadOnlyList<ServiceFlag> Shared =
    [
        new("cap-add", "list", "Add Linux capabilities"),
        new("cap-drop", "list", "Drop Linux capabilities"),
        new("dry-run", "", "Check everything on a manager and change nothing"),
        new("endpoint-mode", "string", "How the service is reached; this version has vip"),
        new("entrypoint", "command", "Replace the image's entrypoint"),
        new("health-cmd", "string", "Command that tells whether a container is well; none = do not check"),
        new("health-interval", "duration", "Between two checks (default 30s)"),
        new("health-retries", "int", "Failures in a row that make a container unhealthy (default 3)"),
        new("health-start-interval", "duration", "Between two checks in the start period (default 5s)"),
        new("health-start-period", "duration", "Time after the start in which failures do not count (default 0s)"),
        new("health-timeout", "duration", "When a check has failed (default 30s)"),
        new("no-healthcheck", "", "Do not check, whatever the image says"),
        new("hostname", "string", "Name of the container's host; may hold templates"),
        new("isolation", "string", "Kind of isolation; on Linux there is default only"),
        new("limit-cpu", "decimal", "CPUs that a task may use at most"),
        new("limit-memory", "bytes", "Memory that a task may use at most"),
        new("limit-pids", "int", "Processes that a task may have at most (0 = 4096)"),
        new("log-driver", "string", "How logs are kept: json-file, local, journald or none"),
        new("log-opt", "list", "max-size, max-file, labels, labels-regex, env, env-regex, tag"),
        new("no-resolve-image", "", "Do not ask the registry for the image's digest"),
        new("oom-score-adj", "int", "Who is killed first when memory runs out, -1000 to 1000"),
        new("quiet", "", "No progress", "-q"),
        new("detach", "", "Do not wait until the service has converged", "-d"),
        new("timeout", "duration", "Give up waiting after this time, with exit code 1 (default: never)"),
        new("read-only", "", "Mount the root file system read-only"),
        new("init", "", "Run an init process as PID 1 of each container"),
        new("tty", "", "Give each container a terminal", "-t"),
        new("replicas", "uint", "Number of tasks; of a job: of completions"),
        new("max-concurrent", "uint", "Tasks of a job at a time (default: as many as --replicas)"),
        new("replicas-max-per-node", "uint", "Tasks on one node at most (0 = any number)"),
        new("reserve-cpu", "decimal", "CPUs that a node must have free"),
        new("reserve-memory", "bytes", "Memory that a node must have free"),
        new("restart-condition", "string", "none, on-failure or any (default any)"),
        new("restart-delay", "duration", "Between a failure and the next start (default 5s)"),
        new("restart-max-attempts", "uint", "Restarts before giving up (0 = no limit)"),
        new("restart-window", "duration", "Time in which attempts are counted"),
        new("rollback-delay", "duration", "Between two slots of a rollback (default 0s)"),
        new("rollback-failure-action", "string", "pause or continue (default pause)"),
        new("rollback-max-failure-ratio", "float", "Failures that a rollback tolerates (default 0)"),
        new("rollback-monitor", "duration", "How long each new task is watched (default 5s)"),
        new("rollback-order", "string", "start-first or stop-first (default stop-first)"),
        new("rollback-parallelism", "uint", "Slots at a time, 0 = all (default 1)"),
        new("stop-grace-period", "duration", "Between the stop signal and SIGKILL (default 10s)"),
        new("stop-signal", "string", "Signal that asks the container to stop"),
        new("update-delay", "duration", "Between two slots of an update (default 0s)"),
        new("update-failure-action", "string", "pause, continue or rollback (default pause)"),
        new("update-max-failure-ratio", "float", "Failures that an update tolerates (default 0)"),
        new("update-monitor", "duration", "How long each new task is watched (default 5s)"),
        new("update-order", "string", "start-first or stop-first (default stop-first)"),
        new("update-parallelism", "uint", "Slots at a time, 0 = all (default 1)"),
        new("user", "string", "User of the process: name|uid[:group|gid]", "-u"),
        new("with-registry-auth", "", "Send what 'login' stored here for the image's registry to the tasks' nodes"),
        new("workdir", "string", "Directory in which the process starts", "-w"),
    ];

    /// <summary>Lists of a new service.</summary>
    internal static readonly IReadOnlyList<ServiceFlag> Create =
    [
        new("name", "string", "Name of the service"),
        new("config", "config", "NAME, or source=NAME,target=/path,uid=0,gid=0,mode=0444"),
        new("secret", "secret", "NAME, or source=NAME,target=name,uid=0,gid=0,mode=0444"),
        new("mode", "string", "replicated, global, replicated-job or global-job (default replicated)"),
        new("constraint", "list", "Where tasks may run: node.role==manager"),
        new("container-label", "list", "Labels of the containers"),
        new("dns", "list", "Name servers of the containers"),
        new("dns-option", "list", "Options of the resolver"),
        new("dns-search", "list", "Search domains"),
        new("env", "list", "Environment variables", "-e"),
        new("env-file", "list", "Files of environment variables"),
        new("generic-resource", "list", "Generic resources that a node must have free: gpu=2"),
        new("group", "list", "Supplementary groups"),
        new("host", "list", "Lines of /etc/hosts: name:ip"),
        new("label", "list", "Labels of the service", "-l"),
        new("mount", "mount", "type=bind|tmpfs,source=…,target=…[,readonly]"),
        new("placement-pref", "pref", "spread=node.labels.zone"),
        new("publish", "port", "[PUBLISHED:]TARGET[/udp], or published=…,target=…,mode=host", "-p"),
        new("sysctl", "list", "Kernel settings of the container: net.core.somaxconn=1024"),
        new("ulimit", "ulimit", "Limits of the processes: nofile=1024:2048"),
    ];

    /// <summary>Changes of an existing service.</summary>
    internal static readonly IReadOnlyList<ServiceFlag> Update =
    [
        new("args", "command", "Arguments of the command"),
        new("config-add", "config", "Add a config, or change its file"), new("config-rm", "list", "Remove a config"),
        new("secret-add", "secret", "Add a secret, or change its file"), new("secret-rm", "list", "Remove a secret"),
        new("image", "string", "Image of the tasks"),
        new("force", "", "Replace all tasks even if nothing changed"),
        new("rollback", "", "Go back to the previous spec"),
        new("constraint-add", "list", "Add a constraint"), new("constraint-rm", "list", "Remove a constraint"),
        new("container-label-add", "list", "Add a container label"),
        new("container-label-rm", "list", "Remove a container label"),
        new("dns-add", "list", "Add a name server"), new("dns-rm", "list", "Remove a name server"),
        new("dns-option-add", "list", "Add a resolver option"),
        new("dns-option-rm", "list", "Remove a resolver option"),
        new("dns-search-add", "list", "Add a search domain"), new("dns-search-rm", "list", "Remove a search domain"),
        new("env-add", "list", "Set an environment variable"), new("env-rm", "list", "Remove an environment variable"),
        new("generic-resource-add", "list", "Reserve a generic resource: gpu=2"),
        new("generic-resource-rm", "list", "Reserve no more of a kind"),
        new("group-add", "list", "Add a group"), new("group-rm", "list", "Remove a group"),
        new("host-add", "list", "Add a line of /etc/hosts"), new("host-rm", "list", "Remove a line of /etc/hosts"),
        new("label-add", "list", "Set a service label"), new("label-rm", "list", "Remove a service label"),
        new("mount-add", "mount", "Add a mount"), new("mount-rm", "list", "Remove the mount at a target"),
        new("placement-pref-add", "pref", "Add a preference"),
        new("placement-pref-rm", "pref", "Remove a preference"),
        new("publish-add", "port", "Publish a port"), new("publish-rm", "port", "Stop publishing a target port"),
        new("sysctl-add", "list", "Set a kernel setting"), new("sysctl-rm", "list", "Remove a kernel setting"),
        new("ulimit-add", "ulimit", "Set a limit of the processes"), new("ulimit-rm", "list", "Remove a limit"),
    ];

    /// <summary>docker's flags that this version refuses: what is missing, and what to do without it.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Missing = MissingFlags();

    private static Dictionary<string, string> MissingFlags()
    {
        var missing = new Dictionary<string, string>(StringComparer.Ordinal);
        void Add(string why, params string[] names)
        {
            foreach (var name in names)
            {
                missing[name] = why;
            }
        }

        Add("accounts of Windows have no meaning on Linux; leave it out", "credential-spec");
        Add("networks of one's own are not there yet; publish the ports that others need with --publish",
            "network", "network-add", "network-rm");
        return missing;
    }
}
