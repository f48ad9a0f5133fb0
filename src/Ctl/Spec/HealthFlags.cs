using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>--health-cmd and its neighbours, and --no-healthcheck.</summary>
internal static class HealthFlags
{
    private const string None = "NONE";

    private static readonly string[] Names =
    [
        "health-cmd", "health-interval", "health-retries", "health-start-interval", "health-start-period",
        "health-timeout",
    ];

    internal static void Apply(ContainerSpec container, FlagValues flags)
    {
        if (flags.Has("no-healthcheck") && flags.IsOn("no-healthcheck"))
        {
            if (Names.Any(flags.Has))
            {
                throw new UsageException("--no-healthcheck conflicts with --health-* options; leave one of them out");
            }

            container.Health = new HealthCheck { Test = { None } };
            return;
        }

        if (flags.Has("no-healthcheck") && container.Health is { Test: [None] })
        {
            container.Health = null;
        }

        if (!Names.Any(flags.Has))
        {
            return;
        }

        var health = container.Health?.Clone() ?? new HealthCheck();
        Edit(health, flags);
        container.Health = health.CalculateSize() == 0 ? null : health;
    }

    private static void Edit(HealthCheck health, FlagValues flags)
    {
        // Whoever says how often to check wants checks again.
        if (health.Test is [None])
        {
            health.Test.Clear();
        }

        flags.Apply("health-cmd", v =>
        {
            health.Test.Clear();
            health.Test.Add(v switch { "" => [], "none" => [None], _ => (string[])["CMD-SHELL", v] });
        });
        flags.Apply("health-interval", v => health.IntervalNs = Units.DurationNs("--health-interval", v));
        flags.Apply("health-timeout", v => health.TimeoutNs = Units.DurationNs("--health-timeout", v));
        flags.Apply("health-retries", v => health.Retries = Units.Whole("--health-retries", v));
        flags.Apply("health-start-period", v => health.StartPeriodNs = Units.DurationNs("--health-start-period", v));
        flags.Apply(
            "health-start-interval", v => health.StartIntervalNs = Units.DurationNs("--health-start-interval", v));
    }
}
