using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>From a command line of `service create` to a spec.</summary>
internal static class SpecBuilder
{
    private const int MaxEnvFileBytes = 1 << 20;

    /// <exception cref="UsageException">Every value that cannot be read, and every other fault besides.</exception>
    internal static ServiceSpec Create(FlagValues flags, string image, IReadOnlyList<string> args, string generatedName)
    {
        var spec = new ServiceSpec
        {
            Name = flags.Last("name") ?? generatedName,
            Task = new TaskSpec { Container = new ContainerSpec { Image = image } },
            Replicated = new ReplicatedMode { Replicas = 1 },
        };
        flags.Try(() => Mode(spec, flags));
        SpecEdits.Shared(spec, flags);
        Container(spec.Task.Container, flags, args);
        flags.Try(() => Labels(spec.Labels, "--label", flags.All("label")));
        Placement(spec, flags);
        var ports = flags.All("publish", p => Ports.Parse("--publish", p).ToList()).SelectMany(p => p).ToList();
        if (ports.Count > 0)
        {
            spec.Endpoint = new EndpointSpec();
            spec.Endpoint.Ports.Add(ports);
        }

        Check(spec, flags);
        return spec;
    }

    private static void Container(ContainerSpec container, FlagValues flags, IReadOnlyList<string> args)
    {
        container.Args.Add(args);
        flags.Try(() => container.Env.Add(Environment(flags)));
        flags.Try(() => Labels(container.Labels, "--container-label", flags.All("container-label")));
        container.Groups.Add(flags.All("group"));
        container.DnsServers.Add(flags.All("dns"));
        container.DnsSearch.Add(flags.All("dns-search"));
        container.DnsOptions.Add(flags.All("dns-option"));
        container.Hosts.Add(flags.All("host", h => Host("--host", h)));
        container.Mounts.Add(flags.All("mount", m => Mounts.Parse("--mount", m)));
        PayloadFlags.Create(container, flags);
        container.Ulimits.Add(flags.All("ulimit", u => Limits.Ulimit("--ulimit", u)));
        foreach (var (name, value) in flags.All("sysctl", s => Limits.Sysctl("--sysctl", s)))
        {
            container.Sysctls[name] = value;
        }
    }

    /// <summary>
    /// When something cannot be read, nothing is sent; then all other faults that can be told here are told as well.
    /// A line that can be read is judged by the manager alone, who knows more.
    /// </summary>
    internal static void Check(ServiceSpec spec, FlagValues flags)
    {
        if (flags.Faults.Count > 0)
        {
            PayloadFlags.Pretend(spec);
            throw new UsageException(string.Join(
                '\n', flags.Faults.Concat(SpecValidator.Check(spec).Select(f => f.ToString()))));
        }
    }

    internal static string Host(string flag, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            ? $"{text[(colon + 1)..]} {text[..colon]}"
            : throw new UsageException($"{flag} '{text}': write name:ip");
    }

    internal static void Labels(IDictionary<string, string> labels, string flag, IEnumerable<string> pairs)
    {
        foreach (var pair in pairs)
        {
            var (key, value) = KeyValues.Split(flag, pair);
            labels[key] = value;
        }
    }

    /// <summary>NAME=value, or NAME with the value of swarmctl's own environment.</summary>
    internal static string? Variable(string flag, string text)
    {
        if (text.Length == 0 || text[0] == '=')
        {
            throw new UsageException($"{flag} '{text}': invalid environment variable; write NAME=value");
        }

        return text.Contains('=', StringComparison.Ordinal)
            ? text
            : System.Environment.GetEnvironmentVariable(text) is { } value ? $"{text}={value}" : null;
    }

    private static void Mode(ServiceSpec spec, FlagValues flags)
    {
        switch (flags.Last("mode") ?? "replicated")
        {
            case "replicated":
                spec.Replicated = new ReplicatedMode { Replicas = 1 };
                break;
            case "global":
                spec.Global = new GlobalMode();
                break;
            case "replicated-job":
                spec.ReplicatedJob = new ReplicatedJobMode { TotalCompletions = 1 };
                break;
            case "global-job":
                spec.GlobalJob = new GlobalJobMode();
                break;
            case var other:
                throw new UsageException(
                    $"--mode '{other}': unknown mode; use replicated, global, replicated-job or global-job");
        }
    }

    private static List<string> Environment(FlagValues flags) => Environment(flags.All("env-file"), flags.All("env"));

    /// <summary>NAME=value of files and flags, the last of each name; a name alone takes the caller's value.</summary>
    internal static List<string> Environment(IEnumerable<string> files, IEnumerable<string> flags)
    {
        var variables = new List<string>();
        foreach (var file in files)
        {
            if (!File.Exists(file) || new FileInfo(file).Length > MaxEnvFileBytes)
            {
                throw new UsageException($"--env-file '{file}': no such file, or larger than {MaxEnvFileBytes} bytes");
            }

            variables.AddRange(File.ReadLines(file).Select(l => l.TrimStart())
                .Where(l => l.Length > 0 && l[0] != '#').Select(l => Variable("--env-file", l)).OfType<string>());
        }

        variables.AddRange(flags.Select(e => Variable("--env", e)).OfType<string>());
        return [.. variables.GroupBy(v => v[..v.IndexOf('=', StringComparison.Ordinal)]).Select(g => g.Last())];
    }

    private static void Placement(ServiceSpec spec, FlagValues flags)
    {
        if (flags.Has("constraint") || flags.Has("placement-pref"))
        {
            spec.Task.Placement ??= new Placement();
            spec.Task.Placement.Constraints.Add(flags.All("constraint"));
            spec.Task.Placement.Preferences.Add(flags.All("placement-pref"));
        }
    }
}
