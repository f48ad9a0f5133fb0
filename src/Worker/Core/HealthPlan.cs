using System.Text.Json;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Core;

/// <summary>How the health of one container is checked.</summary>
/// <param name="Command">Program and arguments.</param>
/// <param name="Interval">From the end of one check to the next.</param>
/// <param name="Timeout">When a check is given up and has failed.</param>
/// <param name="Retries">Failures in a row that make it unhealthy.</param>
/// <param name="StartPeriod">Failures in this time after the start do not count.</param>
/// <param name="StartInterval">Between checks within that time.</param>
public sealed record HealthPlan(
    IReadOnlyList<string> Command, TimeSpan Interval, TimeSpan Timeout, int Retries, TimeSpan StartPeriod,
    TimeSpan StartInterval)
{
    private const int MaxWords = 1024;

    /// <summary>A shell of the image runs a CMD-SHELL line.</summary>
    private static readonly string[] Shell = ["/bin/sh", "-c"];

    /// <summary>Docker's defaults.</summary>
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultStartInterval = TimeSpan.FromSeconds(5);
    private const int DefaultRetries = 3;

    /// <summary>A longer span is shortened to this: timers take 49 days at most.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>What the spec says, else the image, else docker's default; null = not checked.</summary>
    /// <exception cref="FormatException">The image's own check cannot be understood.</exception>
    public static HealthPlan? Of(HealthCheck? spec, string? imageJson)
    {
        var image = imageJson is null ? new HealthCheck() : Read(imageJson);
        spec ??= new HealthCheck();
        IReadOnlyList<string> test = spec.Test.Count > 0 ? spec.Test : image.Test;
        return CommandOf(test) is not { } command ? null : new HealthPlan(
            command,
            Span(spec.IntervalNs, image.IntervalNs, DefaultInterval),
            Span(spec.TimeoutNs, image.TimeoutNs, DefaultTimeout),
            spec.Retries > 0 ? spec.Retries : image.Retries > 0 ? image.Retries : DefaultRetries,
            Span(spec.StartPeriodNs, image.StartPeriodNs, TimeSpan.Zero),
            Span(spec.StartIntervalNs, image.StartIntervalNs, DefaultStartInterval));
    }

    private static string[]? CommandOf(IReadOnlyList<string> test) => test switch
    {
        [] or ["NONE"] => null,
        ["CMD-SHELL", var line] => [.. Shell, line],
        ["CMD", _, ..] => [.. test.Skip(1)],
        _ => throw new FormatException(
            $"the image's HEALTHCHECK begins with '{test[0]}'; known are NONE, CMD and CMD-SHELL; say --health-cmd or "
            + "--no-healthcheck"),
    };

    private static TimeSpan Span(long spec, long image, TimeSpan absent)
    {
        var span = SpecDefaults.FromNs(spec > 0 ? spec : image > 0 ? image : SpecDefaults.ToNs(absent));
        return span < Longest ? span : Longest;
    }

    /// <summary>An image is not trusted: what has another form than docker's is refused, not guessed at.</summary>
    private static HealthCheck Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var check = new HealthCheck
            {
                IntervalNs = Number(root, "Interval"),
                TimeoutNs = Number(root, "Timeout"),
                StartPeriodNs = Number(root, "StartPeriod"),
                StartIntervalNs = Number(root, "StartInterval"),
                Retries = (int)Math.Min(Number(root, "Retries"), int.MaxValue),
            };
            if (root.TryGetProperty("Test", out var test) && test.ValueKind == JsonValueKind.Array)
            {
                check.Test.Add(test.EnumerateArray().Take(MaxWords).Select(t => t.GetString() ?? ""));
            }

            return check.Test.Any(t => t.Contains('\0'))
                ? throw new FormatException("the image's HEALTHCHECK holds a NUL character")
                : check;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException(
                $"the image's HEALTHCHECK cannot be read ({e.Message}); say --health-cmd or --no-healthcheck", e);
        }
    }

    private static long Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var number)
            ? Math.Max(0, number)
            : 0;
}
