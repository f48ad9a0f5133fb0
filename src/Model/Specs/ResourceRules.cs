using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of limits and reservations (behaviour.md O).</summary>
internal static class ResourceRules
{
    private const long MinNanoCpus = 1_000_000;

    /// <summary>Docker's least reservation.</summary>
    private const long MinReservedBytes = 4L << 20;

    /// <summary>Below it no container starts: the runtime itself needs as much. Docker takes 4 MiB and fails on the
    /// node.</summary>
    private const long MinLimitBytes = 6L << 20;

    internal static void Check(TaskSpec spec, FaultCollector faults)
    {
        One(spec.Limits, MinLimitBytes, faults.Under("limits"));
        One(spec.Reservations, MinReservedBytes, faults.Under("reservations"));
        GenericResources.Check(spec.Reservations, faults);
        if (spec.Limits is { Generic.Count: > 0 })
        {
            faults.Add(
                "limits.generic", GenericResources.Text(spec.Limits.Generic[0]), "generic resources have no limit",
                "reserve them");
        }

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

    private static void One(Resources? resources, long leastBytes, FaultCollector faults)
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

        if (resources.MemoryBytes != 0 && resources.MemoryBytes < leastBytes)
        {
            faults.Add(
                "memory", $"{resources.MemoryBytes}", $"invalid memory value: must be at least {leastBytes >> 20}MiB",
                $"use {leastBytes >> 20}M or more");
        }

        if (resources.Pids < 0)
        {
            faults.Add("pids", $"{resources.Pids}", "is negative", "use 0 (the default) or more");
        }
    }

    private static string Cpus(long nano) => (nano / 1e9).ToString("0.#########", CultureInfo.InvariantCulture);
}
