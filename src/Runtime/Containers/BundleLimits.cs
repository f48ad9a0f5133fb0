using System.Text.Json.Nodes;

namespace Swarm.Runtime.Containers;

/// <summary>The `resources` of an OCI specification.</summary>
internal static class BundleLimits
{
    internal const long CpuPeriodMicros = 100_000;
    internal const long MinNanoCpus = 10_000_000;
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
            resources["cpu"] = new JsonObject
            {
                ["period"] = CpuPeriodMicros,
                ["quota"] = (long)((Int128)spec.NanoCpus * CpuPeriodMicros / NanosPerCpu),
            };
        }
        return resources;
    }

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
