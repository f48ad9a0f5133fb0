using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of what a container asks of the kernel: ulimits, sysctls, OOM score, DNS and hosts.</summary>
internal static class KernelRules
{
    private const int MaxOomScore = 1000;
    private const int MaxDnsServers = 3;
    private const int MaxSysctlChars = 256;

    private static readonly HashSet<string> IpcSysctls = new(StringComparer.Ordinal)
    {
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    };

    internal static void Check(ContainerSpec spec, FaultCollector faults)
    {
        UlimitList(spec, faults);
        foreach (var (name, value) in spec.Sysctls.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Sysctl(name, value, faults);
        }

        if (spec is { HasOomScoreAdj: true, OomScoreAdj: < -MaxOomScore or > MaxOomScore })
        {
            faults.Add(
                "oom_score_adj", $"{spec.OomScoreAdj}", $"is not between -{MaxOomScore} and {MaxOomScore}",
                "use 0 to leave it as it is");
        }

        CapabilityLists(spec, faults);
        Names(spec, faults);
    }

    private static void UlimitList(ContainerSpec spec, FaultCollector faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < spec.Ulimits.Count; i++)
        {
            var limit = spec.Ulimits[i];
            var field = $"ulimits[{i}]";
            if (!Ulimits.IsKnown(limit.Name))
            {
                faults.Add(field + ".name", limit.Name, "is no ulimit", "use one of " + string.Join(", ", Ulimits.All));
            }
            else if (!names.Add(limit.Name))
            {
                faults.Add(field + ".name", limit.Name, "stands there twice", "give each ulimit once");
            }

            if (limit.Soft < -1 || limit.Hard < -1)
            {
                faults.Add(field, $"{limit.Soft}:{limit.Hard}", "a limit is negative", "use -1 for no limit");
            }
            else if (limit.Hard != -1 && (limit.Soft == -1 || limit.Soft > limit.Hard))
            {
                faults.Add(
                    field, $"{limit.Soft}:{limit.Hard}", "ulimit soft limit must be less than or equal to hard limit",
                    "write name=soft:hard");
            }
        }
    }

    /// <summary>Only what belongs to namespaces of the container's own: anything else would change the node.</summary>
    private static void Sysctl(string name, string value, FaultCollector faults)
    {
        var field = $"sysctls[{name}]";
        if (name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-' or '/'))
            || name.Contains("..", StringComparison.Ordinal) || name.Contains('/'))
        {
            faults.Add(field, value, "is no name of a sysctl", "write net.core.somaxconn=1024");
        }
        else if (!name.StartsWith("net.", StringComparison.Ordinal)
            && !name.StartsWith("fs.mqueue.", StringComparison.Ordinal) && !IpcSysctls.Contains(name))
        {
            faults.Add(
                field, value, "is not separate for each container: it would change the whole node",
                "use net.*, fs.mqueue.* or " + string.Join(", ", IpcSysctls.Order(StringComparer.Ordinal)));
        }
        else if (value.Length is 0 or > MaxSysctlChars || value.Any(char.IsControl))
        {
            faults.Add(field, value, "is no value of a sysctl", "write its value as the kernel shows it");
        }
    }

    private static void CapabilityLists(ContainerSpec spec, FaultCollector faults)
    {
        foreach (var (field, list) in new[]
        {
            ("capability_add", spec.CapabilityAdd), ("capability_drop", spec.CapabilityDrop),
        })
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (!Capabilities.IsKnown(list[i]))
                {
                    faults.Add($"{field}[{i}]", list[i], "is no capability", "use a name like CAP_NET_ADMIN or ALL");
                }
            }
        }
    }

    private static void Names(ContainerSpec spec, FaultCollector faults)
    {
        for (var i = 0; i < spec.Hosts.Count; i++)
        {
            var words = spec.Hosts[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !System.Net.IPAddress.TryParse(words[0], out _)
                || spec.Hosts[i].Any(char.IsControl))
            {
                faults.Add($"hosts[{i}]", spec.Hosts[i], "is not an address and a name", "use --host name:ip");
            }
        }

        for (var i = 0; i < spec.DnsServers.Count; i++)
        {
            if (!System.Net.IPAddress.TryParse(spec.DnsServers[i], out _))
            {
                faults.Add($"dns_servers[{i}]", spec.DnsServers[i], "is not an IP address", "write an address");
            }
        }

        if (spec.DnsServers.Count > MaxDnsServers)
        {
            faults.Add(
                "dns_servers", $"{spec.DnsServers.Count}", $"resolvers ask {MaxDnsServers} name servers at most",
                "name the best ones");
        }

        Words("dns_search", spec.DnsSearch, faults);
        Words("dns_options", spec.DnsOptions, faults);
    }

    private static void Words(string field, IReadOnlyList<string> words, FaultCollector faults)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i].Length == 0 || words[i].Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            {
                faults.Add($"{field}[{i}]", words[i], "is not one word", "give each one by itself");
            }
        }
    }
}

/// <summary>The limits of setrlimit(2) by docker's names.</summary>
public static class Ulimits
{
    /// <summary>Every name, sorted.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ];

    /// <summary>True for a name of <see cref="All"/>.</summary>
    public static bool IsKnown(string name) => All.Contains(name, StringComparer.Ordinal);
}
