namespace Swarm.CommandLine.Tests;

/// <summary>One line of the table: what was asked, and what the answer has to say.</summary>
/// <param name="Field">Path of the field, or the flag, whose value is wrong.</param>
/// <param name="Value">As it was given.</param>
/// <param name="Rule">What it breaks.</param>
/// <param name="Remedy">What would be right.</param>
/// <param name="ExitCode">1 refused, 2 usage, 3 not found, 4 conflict, 5 unavailable.</param>
/// <param name="Arguments">Of swarmctl.</param>
public sealed record BadLine(
    string Field, string Value, string Rule, string Remedy, int ExitCode, params string[] Arguments)
{
    public override string ToString() => $"{Field} '{(Value.Length > 40 ? Value[..40] : Value)}'";
}

/// <summary>
/// What docker rejects and what it wrongly accepts, as far as there is something here that it could be said to: each
/// with the answer that it gets.
/// </summary>
internal static class BadInput
{
    internal const string Image = "registry.test/web:1";
    private const string NotYet = "is not available in this version";
    private static readonly string Long = new('a', 64);

    /// <summary>service create with some flags.</summary>
    private static BadLine New(
        string field, string value, string rule, string remedy, int code, params string[] flags) =>
        new(field, value, rule, remedy, code, ["service", "create", "--no-resolve-image", .. flags, Image]);

    private static BadLine Missing(string flag, string value, string remedy, params string[] more) =>
        New(flag, "", NotYet, remedy, 1, [.. value.Length > 0 ? [flag, value] : (string[])[flag], .. more]);

    private const string Label = "valid as a DNS name component";

    internal static readonly BadLine[] Names =
    [
        New("name", "bad name", Label, "use letters", 1, "--name", "bad name"),
        New("name", "-x", Label, "use letters", 1, "--name=-x"),
        New("name", "a/b", Label, "use letters", 1, "--name", "a/b"),
        New("name", Long, "63 characters or fewer", "choose a shorter name", 1, "--name", Long),
        New("name", "taken", "already exists", "choose another name", 4, "--name", "taken"),
    ];

    private const string Whole = "not a whole number";

    internal static readonly BadLine[] Modes =
    [
        New("--replicas", "-1", Whole, "from 0 to 100000", 2, "--replicas", "-1"),
        New("--replicas", "abc", Whole, "from 0 to 100000", 2, "--replicas", "abc"),
        New("--replicas", "18446744073709551615", Whole, "from 0 to 100000", 2, "--replicas=18446744073709551615"),
        New("--replicas", "100001", Whole, "from 0 to 100000", 2, "--replicas=100001"),
        New("--replicas", "", "only be used with replicated", "one task on each node", 2,
            "--replicas", "2", "--mode", "global"),
        New("--mode", "foo", "unknown mode", "use replicated", 2, "--mode", "foo"),
        New("--max-concurrent", "", "only be used with replicated-job", "replicated-job", 2, "--max-concurrent", "2"),
        New("update", "", "cannot be used with a job", "leave them out", 1,
            "--mode", "replicated-job", "--update-delay", "1s"),
        New("replicas", "0", "at least one completion", "use 1 or more", 1,
            "--mode", "replicated-job", "--replicas", "0"),
    ];

    private const string Port = "invalid port";

    internal static readonly BadLine[] Ports =
    [
        New("--publish", "99999", Port, "use 1 to 65535", 2, "--publish", "99999:80"),
        New("--publish", "abc", Port, "use 1 to 65535", 2, "--publish", "abc:80"),
        New("--publish", "published=80", "'target' is missing", "use 1 to 65535", 2, "--publish", "published=80"),
        New("--publish", "70000", Port, "use 1 to 65535", 2, "--publish", "published=70000,target=80"),
        New("--publish", "-1", Port, "use 1 to 65535", 2, "--publish", "published=-1,target=80"),
        New("--publish", "foo", "invalid publish mode", "use ingress or host", 2, "--publish", "target=80,mode=foo"),
        New("--publish", "icmp", "invalid", "use tcp or udp", 2, "--publish", "target=80,protocol=icmp"),
        New("--publish", "127.0.0.1:8080:80", "not supported", "answers on every node", 2,
            "--publish", "127.0.0.1:8080:80"),
        New("--publish", "published=80,target=0", "missing or 0", "use 1 to 65535", 2,
            "--publish", "published=80,target=0"),
        New("--publish", "0", "not a port", "use 1 to 65535", 2, "--publish", "8080:0"),
        New("--publish", "8000-8010:80", "different lengths", "write as many on both sides", 2,
            "--publish", "8000-8010:80"),
        New("endpoint.ports[1].published", "8080", "duplicate published ports", "publish each port once", 1,
            "--publish", "8080:80", "--publish", "8080:81"),
        New("endpoint.ports[0].published", "9090", "already in use by service 'taken'", "publish another port", 4,
            "--publish", "9090:80"),
        New("--endpoint-mode", "dnsrr", NotYet, "use vip", 1, "--endpoint-mode", "dnsrr", "--publish", "80:80"),
        New("--endpoint-mode", "foo", "unknown", "use vip", 2, "--endpoint-mode", "foo"),
    ];

    internal static readonly BadLine[] Resources =
    [
        New("task.limits.memory", "1048576", "at least 6MiB", "use 6M or more", 1, "--limit-memory", "1m"),
        New("task.reservations.memory", "1048576", "at least 4MiB", "use 4M or more", 1, "--reserve-memory", "1m"),
        New("--limit-memory", "12x", "invalid suffix 'x'", "use b, k, m, g or t", 2, "--limit-memory", "12x"),
        New("--limit-memory", "-5m", "invalid size", "write a number", 2, "--limit-memory=-5m"),
        New("task.limits.cpu", "0.0001", "at least 0.001", "use 0.001 or more", 1, "--limit-cpu", "0.0001"),
        New("--limit-cpu", "abc", "not a number of CPUs", "write a decimal like 0.5", 2, "--limit-cpu", "abc"),
        New("--limit-cpu", "-1", "not a number of CPUs", "write a decimal like 0.5", 2, "--limit-cpu=-1"),
        New("--limit-pids", "-1", Whole, "from 0", 2, "--limit-pids=-1"),
        New("task.reservations.memory", "2147483648", "more than the limit", "reserve at most", 1,
            "--reserve-memory", "2g", "--limit-memory", "1g"),
        New("task.reservations.cpu", "2", "more than the limit", "reserve at most", 1,
            "--reserve-cpu", "2", "--limit-cpu", "1"),
    ];

    private const string Constraint = "task.placement.constraints[0]";
    private const string Operator = "expected one operator from ==, !=";

    internal static readonly BadLine[] Placement =
    [
        New(Constraint, "foo", Operator, "write KEY==VALUE", 1, "--constraint", "foo"),
        New(Constraint, "a=b", Operator, "write KEY==VALUE", 1, "--constraint", "a=b"),
        New(Constraint, "a>b", Operator, "write KEY==VALUE", 1, "--constraint", "a>b"),
        New(Constraint, "node.role==", "value '' is invalid", "use letters", 1, "--constraint", "node.role=="),
        New(Constraint, "1node==x", "key '1node' is invalid", "use node.id", 1, "--constraint", "1node==x"),
        New(Constraint, "node.nosuch==x", "no node would ever match", "use node.id", 1,
            "--constraint", "node.nosuch==x"),
        New(Constraint, "node.role==boss", "is no role", "use manager or worker", 1,
            "--constraint", "node.role==boss"),
        New("task.placement.preferences[0]", "zone", "only placement preference is spread", "write spread=", 1,
            "--placement-pref", "zone"),
    ];

    private const string Duration = "not a duration";

    internal static readonly BadLine[] Policies =
    [
        New("--update-delay", "10", Duration, "like 1m30s", 2, "--update-delay", "10"),
        New("--update-delay", "1fortnight", Duration, "like 1m30s", 2, "--update-delay", "1fortnight"),
        New("update.delay", "-10000000000 ns", "cannot be negative", "use 0 or more", 1, "--update-delay=-10s"),
        New("rollback.monitor", "-1000000000 ns", "cannot be negative", "use 0 or more", 1, "--rollback-monitor=-1s"),
        New("task.restart.delay", "-1000000000 ns", "cannot be negative", "use 0 or more", 1, "--restart-delay=-1s"),
        New("task.restart.window", "-1000000000 ns", "cannot be negative", "use 0 or more", 1, "--restart-window=-1s"),
        New("task.container.stop_grace_period", "-1000000000 ns", "cannot be negative", "use 0 or more", 1,
            "--stop-grace-period=-1s"),
        New("--update-max-failure-ratio", "2", "not a ratio", "between 0 and 1", 2, "--update-max-failure-ratio", "2"),
        New("--update-failure-action", "explode", "unknown", "use pause, continue or rollback", 2,
            "--update-failure-action", "explode"),
        New("--rollback-failure-action", "rollback", "unknown", "use pause, continue", 2,
            "--rollback-failure-action", "rollback"),
        New("--update-order", "sideways", "unknown", "use stop-first or start-first", 2, "--update-order", "sideways"),
        New("--restart-condition", "sometimes", "unknown", "use none, on-failure or any", 2,
            "--restart-condition", "sometimes"),
    ];

    internal static readonly BadLine[] Containers =
    [
        New("--env", "=x", "invalid environment variable", "write NAME=value", 2, "--env", "=x"),
        New("--label", "=x", "empty name", "write name=value", 2, "--label", "=x"),
        New("task.container.env[0]", "A=xxx", "more than 32768 characters", "put large data into a file", 1,
            "--env", "A=" + new string('x', 40_000)),
        New("labels", "", "65536 is the limit", "use fewer", 1, "--label", "a=" + new string('x', 70_000)),
        New("task.container.stop_signal", "SIGFOO", "is no signal", "use a name like SIGTERM", 1,
            "--stop-signal", "SIGFOO"),
        New("task.container.workdir", "rel", "not a clean absolute path", "write it from /", 1, "--workdir", "rel"),
        New("task.container.workdir", "/proc/self", "lies under /proc", "choose another directory", 1,
            "--workdir", "/proc/self"),
        New("task.container.hostname", "a b", "is not a host name", "use letters", 1, "--hostname", "a b"),
        New("task.container.hostname", "{{.Nosuch}}", "'{{.Nosuch}}' is unknown", "known are .Service.ID", 1,
            "--hostname", "{{.Nosuch}}"),
        New("task.container.env[0]", "A={{.Task.ID", "has '{{' without '}}'", "write {{.Task.Slot}}", 1,
            "--env", "A={{.Task.ID"),
        New("--host", "noip", "", "write name:ip", 2, "--host", "noip"),
        New("task.container.hosts[0]", "nonsense a", "is not an address and a name", "use --host name:ip", 1,
            "--host", "a:nonsense"),
        New("task.container.dns_servers[0]", "x", "is not an IP address", "write an address", 1, "--dns", "x"),
        New("task.container.capability_add[0]", "FLY", "is no capability", "use a name like", 1, "--cap-add", "FLY"),
        New("--ulimit", "nofile", "not a ulimit", "write name=soft[:hard]", 2, "--ulimit", "nofile"),
        New("task.container.ulimits[0].name", "files", "is no ulimit", "use one of", 1, "--ulimit", "files=1"),
        New("task.container.ulimits[0]", "9:8", "less than or equal to hard limit", "write name=soft:hard", 1,
            "--ulimit", "nofile=9:8"),
        New("task.container.sysctls[vm.swappiness]", "1", "would change the whole node", "use net.*", 1,
            "--sysctl", "vm.swappiness=1"),
        New("--sysctl", "x", "not a sysctl", "write name=value", 2, "--sysctl", "x"),
        New("task.container.oom_score_adj", "2000", "not between -1000 and 1000", "use 0", 1,
            "--oom-score-adj", "2000"),
        New("task.log_driver.name", "syslog", "not in this version", "use json-file, local, journald or none", 1,
            "--log-driver", "syslog"),
        New("task.log_driver.options[labels]", "a", "go with json-file", "leave it out", 1, "--log-driver", "journald",
            "--log-opt", "labels=a"),
        New("task.log_driver.options[tag]", "{{.No}}", "not known", "{{.Name}}", 1, "--log-opt", "tag={{.No}}"),
        New("task.log_driver.options[env-regex]", "(", "no regular expression", "its kind", 1,
            "--log-opt", "env-regex=("),
        New("task.log_driver.options[max-size]", "huge", "is no size", "write 10m", 1, "--log-opt", "max-size=huge"),
        New("--isolation", "hyperv", "one kind of isolation", "use default", 2, "--isolation", "hyperv"),
        New("--entrypoint", "sh -c 'x", "quote is not closed", "close it", 2, "--entrypoint", "sh -c 'x"),
        New("--env-file", "/no/such", "no such file", "or larger than", 2, "--env-file", "/no/such"),
    ];

    private const string Target = "task.container.mounts[0].target";

    internal static readonly BadLine[] Mounts =
    [
        New("task.container.mounts[1].target", "/x", "duplicate mount point", "mount one thing", 1,
            "--mount", "type=tmpfs,target=/x", "--mount", "type=tmpfs,target=/x"),
        New("--mount", "type=bind,source=/a,target=/x,tmpfs-size=1m", "cannot mix 'tmpfs-*'", "leave them out", 2,
            "--mount", "type=bind,source=/a,target=/x,tmpfs-size=1m"),
        New("task.container.mounts[0].source", "rel", "must be an absolute path", "write the path on the node", 1,
            "--mount", "type=bind,source=rel,target=/x"),
        New(Target, "rel", "not a clean absolute path", "write the path", 1,
            "--mount", "type=bind,source=/tmp,target=rel"),
        New(Target, "/proc/x", "lies under /proc", "choose another target", 1, "--mount", "type=tmpfs,target=/proc/x"),
        New(Target, "/a/../etc", "not a clean absolute path", "write the path", 1,
            "--mount", "type=tmpfs,target=/a/../etc"),
        New("task.container.mounts[0].source", "../../etc", "is not a volume name", "or type=bind for a path", 1,
            "--mount", "type=volume,source=../../etc,target=/x"),
        New("task.container.mounts[0].subpath", "../x", "is not a path within a named volume", "relative path", 1,
            "--mount", "source=data,target=/x,volume-subpath=../x"),
        New("task.container.mounts[0].driver", "nfs", "do not have this volume driver", "use local", 1,
            "--mount", "source=data,target=/x,volume-driver=nfs"),
        New("task.container.mounts[0].options", "size", "is no option", "type, device and o", 1,
            "--mount", "source=data,target=/x,volume-opt=size=1g"),
        New("--mount", "image", NotYet, "use volume, bind or tmpfs", 1, "--mount", "type=image,source=a,target=/x"),
        New("--mount", "foo", "unknown", "use volume, bind or tmpfs", 2, "--mount", "type=foo,target=/x"),
    ];

    internal static readonly BadLine[] Images =
    [
        Image0("registry.test/UPPER:tag", "is not a valid repository/tag"),
        Image0("img:bad tag", "is not a valid repository/tag"),
        Image0("img@sha256:123", "is not a valid repository/tag"),
        new("task.container.image", "", "image reference must be provided", "name an image", 1,
            "service", "create", ""),
        new("registry", "", "", "", 5, "service", "create", "nowhere.test/web:1"),
    ];

    private static BadLine Image0(string image, string rule) => new(
        "task.container.image", image, rule, "write [host[:port]/]name", 1, "service", "create", image);

    /// <summary>What belongs to objects that are not there yet is refused by name.</summary>
    internal static readonly BadLine[] NotThere =
    [
        Missing("--network", "nosuch", "publish the ports"), Missing("--network", "ingress", "publish the ports"),
        Missing("--credential-spec", "file://x", "leave it out"),
        new("stack", "", "not available in this version", "", 1, "stack", "deploy", "bad/name"),
        new("stack", "", "not available in this version", "", 1, "stack", "rm", "nosuch"),
        new("network", "", "not available in this version", "", 1, "network", "create", "--subnet=10.0.0.0/33"),
    ];

    internal static readonly BadLine[] Others =
    [
        New("secret not found", "nosuch", "", "", 3, "--secret", "nosuch"),
        New("config not found", "nosuch", "", "", 3, "--config", "nosuch"),
        New("task.container.health.interval", "1", "", "", 1, "--health-interval", "1us"),
        New("task.container.health.retries", "-1", "", "", 1, "--health-retries", "-1"),
        new("name", "../x", "only 64 [a-zA-Z0-9-_.] characters", "", 1, "secret", "create", "../x", "/etc/hostname"),
        new("data", "", "data is empty", "", 2, "config", "create", "empty", "/dev/null"),
        new("secret", "nosuch", "not found", "", 3, "secret", "rm", "nosuch"),
        new("config", "nosuch", "not found", "", 3, "config", "inspect", "nosuch"),
        new("service", "nosuch", "not found", "", 3, "service", "update", "--replicas", "2", "nosuch"),
        new("service", "nosuch", "not found", "", 3, "service", "rm", "nosuch"),
        new("service", "nosuch", "not found", "", 3, "service", "scale", "nosuch=2"),
        new("no such service", "nosuch", "", "", 3, "service", "ps", "nosuch"),
        new("no such task or service", "nosuch", "", "", 3, "service", "logs", "nosuch"),
        new("node", "nosuch", "not found", "", 3, "node", "inspect", "nosuch"),
        new("node", "nosuch", "not found", "", 3, "node", "update", "--availability", "drain", "nosuch"),
        new("taken", "", "does not have a previous spec", "service update", 1, "service", "rollback", "taken"),
        new("--rollback", "", "may not be combined", "leave them out", 2,
            "service", "update", "--rollback", "--replicas", "2", "taken"),
        new("taken", "x", Whole, "from 0", 2, "service", "scale", "taken=x"),
        new("taken", "", "invalid scale specifier", "write SERVICE=REPLICAS", 2, "service", "scale", "taken"),
        new("--filter", "foo=bar", "unknown", "use id", 2, "service", "ls", "--filter", "foo=bar"),
        new("filter.mode", "foo", "is no mode", "use replicated", 1, "service", "ls", "--filter", "mode=foo"),
        new("filter.desired-state", "foo", "is no state", "use running", 1,
            "service", "ps", "--filter", "desired-state=foo", "taken"),
        new("filter.role", "boss", "is no role", "use manager", 1, "node", "ls", "--filter", "role=boss"),
        new("node_certificate_expiry", "1000000000 ns", "at least 1 h", "use 2160h", 1,
            "swarm", "update", "--cert-expiry", "1s"),
        new("heartbeat_period", "-5000000000 ns", "must be 100 ms", "use 1s", 1,
            "swarm", "update", "--dispatcher-heartbeat=-5s"),
        new("demote", "", "last manager", "", 1, "node", "demote", "self"),
        new("", "", "is a cluster manager and is a member of the raft cluster", "must be demoted", 1,
            "node", "rm", "--force", "self"),
        new("--availability", "asleep", "", "active", 2, "node", "update", "--availability", "asleep", "self"),
        new("--since", "tomorrow", "not a point in time", "42m", 2, "events", "--since", "tomorrow"),
        new("--filter", "image=x", "unknown", "use type", 2, "events", "--filter", "image=x"),
        new("--format", "", "template parsing error", "", 2, "service", "ls", "--format", "{{.Nosuch}}"),
        new("scope=local", "", "events of the swarm", "use scope=swarm", 2, "events", "--filter", "scope=local"),
        new("task.container.image", "BAD IMAGE", "is not a valid", "write", 1,
            "service", "update", "--image", "BAD IMAGE", "taken"),
        new("mount", "", "", "", 2, "service", "update", "--mount-add", "type=bind", "taken"),
        new("--bogus", "", "unknown flag", "--help", 2, "service", "create", "--bogus", "x"),
        new("--replica", "", "unknown flag", "--help", 2, "service", "update", "--replica", "3", "taken"),
        new("nosuch", "", "is not a command", "--help", 2, "service", "nosuch"),
    ];

    internal static IEnumerable<BadLine> All =>
    [
        .. Names, .. Modes, .. Ports, .. Resources, .. Placement, .. Policies, .. Containers, .. Mounts, .. Images,
        .. NotThere, .. Others,
    ];
}
