using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of health checks (bad-input.md; behaviour.md O).</summary>
internal static class HealthRules
{
    private const long LeastNs = 1_000_000;
    private const int MaxWords = 1024;
    private const int MaxChars = 32 * 1024;
    private static readonly string[] Forms = ["NONE", "CMD", "CMD-SHELL"];

    internal static void Check(HealthCheck? health, FaultCollector faults)
    {
        if (health is null)
        {
            return;
        }

        foreach (var (field, name, ns) in new[]
        {
            ("interval", "Interval", health.IntervalNs), ("timeout", "Timeout", health.TimeoutNs),
            ("start_period", "StartPeriod", health.StartPeriodNs),
            ("start_interval", "StartInterval", health.StartIntervalNs),
        })
        {
            if (ns != 0 && ns < LeastNs)
            {
                faults.Add(
                    field, $"{ns} ns", $"{name} in HealthConfig cannot be less than 1ms", "use 0 or 1ms or more");
            }
        }

        if (health.Retries < 0)
        {
            faults.Add("retries", $"{health.Retries}", "Retries in HealthConfig cannot be negative", "use 0 or more");
        }

        Test(health.Test, faults);
    }

    private static void Test(IReadOnlyList<string> test, FaultCollector faults)
    {
        if (test.Count == 0)
        {
            return;
        }

        if (!Forms.Contains(test[0]))
        {
            faults.Add("test", test[0], "is no form of a health check", "begin with NONE, CMD or CMD-SHELL");
        }
        else if (test[0] == "NONE" ? test.Count > 1 : test[0] == "CMD" ? test.Count < 2 : test.Count != 2)
        {
            faults.Add("test", test[0], "has the wrong number of words",
                "NONE stands alone, CMD has a command, CMD-SHELL one line");
        }

        if (test.Count > MaxWords || test.Sum(t => (long)t.Length) > MaxChars
            || test.Any(t => t.Contains('\0')))
        {
            faults.Add("test", test[0], $"has a NUL character, or more than {MaxChars} characters", "use a script");
        }
    }
}
