using System.Text.Json.Nodes;

namespace Swarm.Runtime.Containers;

/// <summary>The `resources` of an OCI specification.</summary>
internal static class BundleLimits
{
    internal const long CpuPeriodMicros = 100_000;

    /// <summary>The kernel's longest; its least quota is 1 ms.</summary>
    internal const long LongCpuPeriodMicros = 1_000_000;
    internal const long MinNanoCpus = 1_000_000;

    /// <summary>Below it a quota of the usual period would be shorter than the kernel allows.</summary>
    private const long SmallNanoCpus = 10_000_000;
    private const long NanosPerCpu = 1_000_000_000;

    internal static JsonObject Resources(ContainerSpec spec, bool limitSwap)
    {
        var resources = new JsonObject
        {
            ["devices"] = Devices(),
            ["pids"] = new JsonObject { ["limit"] = spec.PidsLimit },
        };
        if (spec.MemoryBytes > 0)
        {
            var memory = new JsonObject { ["limit"] = spec.MemoryBytes };
            // Memory and swap together: the same number means no swap.
            if (limitSwap)
                memory["swap"] = spec.MemoryBytes;
            resources["memory"] = memory;
        }
        if (spec.NanoCpus > 0)
        {
            var period = spec.NanoCpus < SmallNanoCpus ? LongCpuPeriodMicros : CpuPeriodMicros;
            resources["cpu"] = new JsonObject
            {
                ["period"] = period,
                ["quota"] = (long)((Int128)spec.NanoCpus * period / NanosPerCpu),
            };
        }
        return resources;
    }

    /// <summary>`process.rlimits`; -1 is the largest number of the kernel's.</summary>
    internal static JsonArray Rlimits(ContainerSpec spec) =>
        new([.. spec.Ulimits.Select(limit => (JsonNode)new JsonObject
        {
            ["type"] = "RLIMIT_" + limit.Name.ToUpperInvariant(),
            ["soft"] = limit.Soft < 0 ? ulong.MaxValue : (ulong)limit.Soft,
            ["hard"] = limit.Hard < 0 ? ulong.MaxValue : (ulong)limit.Hard,
        })]);

    /// <summary>Nothing but null, zero, full, random, urandom, tty, console, ptmx and pseudo terminals.</summary>
    private static JsonArray Devices()
    {
        var rules = new JsonArray { new JsonObject { ["allow"] = false, ["access"] = "rwm" } };
        foreach (var (major, minor) in new (int, int)[]
            { (1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2) })
        {
            rules.Add(Allow(major, minor));
        }
        rules.Add(Allow(136, null));
        return rules;
    }

    private static JsonObject Allow(int major, int? minor)
    {
        var rule = new JsonObject { ["allow"] = true, ["type"] = "c", ["major"] = major, ["access"] = "rwm" };
        if (minor is { } value)
            rule["minor"] = value;
        return rule;
    }
}
