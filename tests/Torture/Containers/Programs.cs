using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Torture.Containers;

/// <summary>Services whose programs tell what they did, so that a gap or a wrong end can be seen.</summary>
internal static class Programs
{
    internal const int TermCode = 7;
    internal const int OomCode = 137;
    private const string Image = "10.99.0.5:5000/demo/web:1";
    private const long OomBytes = 24L << 20;
    private const long Millisecond = 1_000_000;

    /// <summary>Runs for ever and numbers its lines, 20 a second.</summary>
    internal static ServiceSpec Steady(string name, int replicas) => Service(
        name, replicas,
        "i=0; while :; do i=$((i+1)); echo \"line $i\"; [ $((i % 4)) != 0 ] || sleep 0.2; done");

    /// <summary>
    /// The same with long lines in small files, so that its log turns over twice a minute. It must not fill two files
    /// while the daemon is away: the first of them would be lost (docs/design/runtime.md).
    /// </summary>
    internal static ServiceSpec Turning(string name, int replicas)
    {
        var spec = Service(
            name, replicas,
            "p=$(printf %0200d 0); i=0; while :; do i=$((i+1)); echo \"line $i $p\"; "
            + "[ $((i % 10)) != 0 ] || sleep 0.5; done");
        spec.Task.LogDriver = new LogDriver
        {
            Name = "json-file", Options = { ["max-size"] = "128k", ["max-file"] = "3" },
        };
        return spec;
    }

    /// <summary>Ends with a code of its own when it is told to stop.</summary>
    internal static ServiceSpec Replaced(string name, int replicas)
    {
        var spec = Service(
            name, replicas,
            $"trap 'echo term; exit {TermCode}' TERM; echo ready; while :; do sleep 0.2; done");
        spec.Update = new UpdatePolicy
        {
            Parallelism = 0, MonitorNs = Millisecond, FailureAction = UpdatePolicy.Types.FailureAction.Continue,
        };
        return spec;
    }

    /// <summary>Writes its lines, one in 0.1 s, and ends.</summary>
    internal static ServiceSpec Ending(string name, int lines, int code) => Service(
        name, 1, $"{Lines(lines)}; exit {code.ToString(CultureInfo.InvariantCulture)}", once: true);

    /// <summary>Writes its lines and takes more memory than it may have.</summary>
    internal static ServiceSpec Eating(string name, int lines)
    {
        var spec = Service(name, 1, $"{Lines(lines)}; exec dd if=/dev/zero of=/dev/null bs=256M count=1", once: true);
        spec.Task.Limits = new Resources { MemoryBytes = OomBytes };
        return spec;
    }

    /// <summary>Null when the lines are numbered without a gap and each is there once, from the first on.</summary>
    internal static string? Gap(IReadOnlyList<string> lines, bool fromFirst)
    {
        long? before = fromFirst ? 0 : null;
        foreach (var line in lines)
        {
            if (line.Split(' ') is not ["line", var text, ..]
                || !long.TryParse(text, CultureInfo.InvariantCulture, out var number))
                return $"a line is '{line}'";
            if (before is { } last && number != last + 1)
                return $"line {number} comes after line {last}";
            before = number;
        }

        return null;
    }

    private static string Lines(int count) =>
        $"i=0; while [ $i -lt {count.ToString(CultureInfo.InvariantCulture)} ]; do i=$((i+1)); echo \"line $i\"; "
        + "sleep 0.1; done";

    private static ServiceSpec Service(string name, int replicas, string script, bool once = false) => new()
    {
        Name = name,
        Replicated = new ReplicatedMode { Replicas = (ulong)replicas },
        Task = new TaskSpec
        {
            Container = new ContainerSpec { Image = Image, Command = { "/bin/sh", "-c", script } },
            Restart = once
                ? new RestartPolicy { Condition = RestartPolicy.Types.Condition.None }
                : new RestartPolicy { Condition = RestartPolicy.Types.Condition.Any, DelayNs = Millisecond },
        },
    };
}
