using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>The lists of a container in `service inspect --pretty`, in docker's order and layout.</summary>
internal static class ContainerPretty
{
    internal static void Print(TextWriter output, TaskSpec task)
    {
        var container = task.Container;
        if (container.CapabilityAdd.Count + container.CapabilityDrop.Count > 0)
        {
            output.WriteLine("Capabilities:");
            Words(output, "Add", container.CapabilityAdd);
            Words(output, "Drop", container.CapabilityDrop);
        }

        if (container.Sysctls.Count > 0)
        {
            output.WriteLine("SysCtls:");
            foreach (var (name, value) in container.Sysctls.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                output.WriteLine($" {name}: {value}");
            }
        }

        if (container.Ulimits.Count > 0)
        {
            output.WriteLine("Ulimits:");
            foreach (var limit in container.Ulimits)
            {
                output.WriteLine($" {limit.Name}: {limit.Soft}:{limit.Hard}");
            }
        }

        Mounts(output, container);
        Payloads(output, "Secrets", PayloadKind.Secret, container.Secrets);
        Payloads(output, "Configs", PayloadKind.Config, container.Configs);
        Health(output, container.Health);
        Log(output, task.LogDriver);
    }

    private static void Words(TextWriter output, string title, IReadOnlyCollection<string> words)
    {
        if (words.Count > 0)
        {
            output.WriteLine($" {title}: {string.Join(", ", words.Select(Model.Capabilities.Canonical))}");
        }
    }

    private static void Mounts(TextWriter output, ContainerSpec container)
    {
        if (container.Mounts.Count == 0)
        {
            return;
        }

        output.WriteLine("Mounts:");
        foreach (var mount in container.Mounts)
        {
            output.WriteLine($" Target:\t{mount.Target}");
            output.WriteLine($"  Source:\t{mount.Source}");
            output.WriteLine($"  ReadOnly:\t{(mount.ReadOnly ? "true" : "false")}");
            output.WriteLine($"  Type:\t\t{Verbs.Words.MountType(mount)}");
        }
    }

    private static void Payloads(
        TextWriter output, string title, PayloadKind kind, IReadOnlyCollection<PayloadReference> references)
    {
        if (references.Count == 0)
        {
            return;
        }

        output.WriteLine(title + ":");
        foreach (var reference in references)
        {
            output.WriteLine($" Target:\t{PayloadRules.PathOf(kind, reference)}");
            output.WriteLine($"  Source:\t{reference.Name}");
        }
    }

    private static void Health(TextWriter output, HealthCheck? health)
    {
        if (health is null)
        {
            return;
        }

        output.WriteLine("Healthcheck:");
        void Line(string name, string value, bool isSaid)
        {
            if (isSaid)
            {
                output.WriteLine($" {name} = {value}");
            }
        }

        Line("Interval", Spans.Go(health.IntervalNs), health.IntervalNs > 0);
        Line("Retries", $"{health.Retries}", health.Retries > 0);
        Line("StartPeriod", Spans.Go(health.StartPeriodNs), health.StartPeriodNs > 0);
        Line("StartInterval", Spans.Go(health.StartIntervalNs), health.StartIntervalNs > 0);
        Line("Timeout", Spans.Go(health.TimeoutNs), health.TimeoutNs > 0);
        Line("Tests", string.Join(' ', health.Test), health.Test.Count > 0);
    }

    private static void Log(TextWriter output, LogDriver? driver)
    {
        if (driver is null)
        {
            return;
        }

        output.WriteLine("Log Driver:");
        output.WriteLine($" Name:\t\t{driver.Name}");
        if (driver.Options.Count > 0)
        {
            output.WriteLine(" LogOpts:");
            foreach (var (key, value) in driver.Options.OrderBy(o => o.Key, StringComparer.Ordinal))
            {
                output.WriteLine($"  {key + ":",-16}{value}");
            }
        }

        output.WriteLine();
    }
}
