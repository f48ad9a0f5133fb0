namespace Swarm.Worker.Core;

/// <summary>What is known of a container's health.</summary>
public enum HealthStatus
{
    /// <summary>No check has succeeded yet, and not enough have failed.</summary>
    Starting,

    /// <summary>The last check that counted succeeded, or too few have failed since.</summary>
    Healthy,

    /// <summary>As many checks in a row failed as the plan says; for good.</summary>
    Unhealthy,
}

/// <summary>Health at one moment.</summary>
/// <param name="Status">What it comes to.</param>
/// <param name="FailingStreak">Failures in a row that count.</param>
public readonly record struct HealthState(HealthStatus Status, int FailingStreak);

/// <summary>
/// From one check to the next. A container's start period ends early with its first success: from then on every failure
/// counts.
/// </summary>
public static class HealthMachine
{
    /// <summary>How long to wait for the next check.</summary>
    /// <param name="plan">How it is checked.</param>
    /// <param name="state">After the last check.</param>
    /// <param name="running">Since the container was started.</param>
    public static TimeSpan NextIn(HealthPlan plan, HealthState state, TimeSpan running)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return IsStarting(plan, state, running) ? plan.StartInterval : plan.Interval;
    }

    /// <summary>The health after a check.</summary>
    /// <param name="plan">How it is checked.</param>
    /// <param name="state">Before the check.</param>
    /// <param name="running">From the start of the container to the beginning of the check.</param>
    /// <param name="succeeded">It ended with code 0 within its time.</param>
    public static HealthState After(HealthPlan plan, HealthState state, TimeSpan running, bool succeeded)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (state.Status == HealthStatus.Unhealthy)
        {
            return state;
        }

        if (succeeded)
        {
            return new HealthState(HealthStatus.Healthy, 0);
        }

        if (IsStarting(plan, state, running))
        {
            return state;
        }

        var streak = state.FailingStreak + 1;
        return new HealthState(streak >= plan.Retries ? HealthStatus.Unhealthy : state.Status, streak);
    }

    private static bool IsStarting(HealthPlan plan, HealthState state, TimeSpan running) =>
        state.Status == HealthStatus.Starting && running < plan.StartPeriod;
}
