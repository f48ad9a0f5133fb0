using System.Diagnostics;
using System.Globalization;
using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>The command line: runs seeds and says which of them break an invariant.</summary>
internal static class RaftCommand
{
    public const string Usage =
        "usage: ClusterSim raft [--seeds N] [--seed S] [--trace] [--only SCENARIO] [--bug RULE] [--all-bugs]";

    public static int Run(string[] args, TextWriter output)
    {
        if (args.Contains("--all-bugs"))
            return BugTable.Print(Number(args, "--seeds", 1_000), output);
        var seeds = Number(args, "--seeds", args.Contains("--seed") ? 1UL : 100UL);
        var first = Number(args, "--seed", 1);
        if (Text(args, "--bug") is { } bug)
            return BugTable.PrintOne(Enum.Parse<Rule>(bug), first, seeds, args.Contains("--trace") ? output : null);
        return RunSeeds(first, seeds, Text(args, "--only"), args.Contains("--trace"), output);
    }

    private static int RunSeeds(ulong first, ulong seeds, string? only, bool trace, TextWriter output)
    {
        var coverage = new Coverage();
        var watch = Stopwatch.StartNew();
        var broken = 0UL;
        var simulatedMs = 0L;
        for (var seed = first; seed < first + seeds; seed++)
        {
            var result = RaftRunner.Run(seed, trace ? output : null, only: only);
            simulatedMs += result.SimulatedMs;
            coverage.Add(result.Coverage);
            if (result.Violation is not null)
                broken++;
            if (result.Violation is not null || seeds == 1)
                output.WriteLine(
                    $"seed {seed} ({result.Scenario}): {result.Violation?.Message ?? "clean"}; trace "
                    + $"{result.TraceHash:x16}");
        }
        output.WriteLine(string.Join(", ", coverage.Counts.Select(c => $"{c.Key} {c.Value}")));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds} seeds from {first}, {broken} broken; {simulatedMs / 1000} s simulated in "
            + $"{watch.Elapsed.TotalSeconds:f1} s ({simulatedMs / Math.Max(1, watch.ElapsedMilliseconds)}x)"));
        return broken == 0 ? 0 : 1;
    }

    private static ulong Number(string[] args, string name, ulong otherwise) =>
        Text(args, name) is { } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string? Text(string[] args, string name)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
