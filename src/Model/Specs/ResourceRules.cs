using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of limits and reservations (behaviour.md O).</summary>
internal static class ResourceRules
{
    private const long MinNanoCpus = 1_000_000;
    private const long MinMemoryBytes = 4L << 20;

    internal static void Check(TaskSpec spec, FaultCollector faults)
    {
        One(spec.Limits, faults.Under("limits"));
        One(spec.Reservations, faults.Under("reservations"));
        if (spec.Limits is not { } limits || spec.Reservations is not { } reserved)
        {
            return;
        }

        if (limits.MemoryBytes > 0 && reserved.MemoryBytes > limits.MemoryBytes)
        {
            faults.Add(
                "reservations.memory", $"{reserved.MemoryBytes}", $"is more than the limit of {limits.MemoryBytes}",
                "reserve at most what the limit allows");
        }

        if (limits.NanoCpus > 0 && reserved.NanoCpus > limits.NanoCpus)
        {
            faults.Add(
                "reservations.cpu", Cpus(reserved.NanoCpus), $"is more than the limit of {Cpus(limits.NanoCpus)}",
                "reserve at most what the limit allows");
        }
    }

    private static void One(Resources? resources, FaultCollector faults)
    {
        if (resources is null)
        {
            return;
        }

        if (resources.NanoCpus != 0 && resources.NanoCpus < MinNanoCpus)
        {
            faults.Add("cpu", Cpus(resources.NanoCpus), "invalid cpu value: must be at least 0.001",
                "use 0.001 or more");
        }

        if (resources.MemoryBytes != 0 && resources.MemoryBytes < MinMemoryBytes)
        {
            faults.Add(
                "memory", $"{resources.MemoryBytes}", "invalid memory value: must be at least 4MiB", "use 4M or more");
        }

        if (resources.Pids < 0)
        {
            faults.Add("pids", $"{resources.Pids}", "is negative", "use 0 (the default) or more");
        }
    }

    private static string Cpus(long nano) => (nano / 1e9).ToString("0.#########", CultureInfo.InvariantCulture);
}
