using System.Diagnostics;
using System.Globalization;
using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>The command line: runs seeds and says which of them break an invariant.</summary>
internal static class RaftCommand
{
    public const string Usage =
        "usage: ClusterSim raft [--seeds N] [--seed S] [--trace] [--only SCENARIO] [--hash] [--bug RULE] [--bugs]";

    public static int Run(string[] args, TextWriter output)
    {
        if (args.Contains("--bugs"))
            return BugTable.Print(Number(args, "--seeds", 1_000), output);
        var seeds = Number(args, "--seeds", args.Contains("--seed") ? 1UL : 100UL);
        var first = Number(args, "--seed", 1);
        if (Text(args, "--bug") is { } bug)
            return FindBug(bug, new(first, Number(args, "--seeds", args.Contains("--seed") ? 1UL : 1_000UL),
                Text(args, "--only")), args.Contains("--trace") ? output : null);
        if (args.Contains("--hash"))
        {
            output.WriteLine(RaftRunner.HashOf(first, seeds).ToString("x16", CultureInfo.InvariantCulture));
            return 0;
        }
        return RunSeeds(first, seeds, Text(args, "--only"), args.Contains("--trace"), output);
    }

    private static int FindBug(string name, BugTable.Range range, TextWriter? trace)
    {
        if (Enum.TryParse<Rule>(name, ignoreCase: true, out var rule) && BugTable.All.Contains(rule))
            return BugTable.PrintOne(rule, range, trace);
        Console.Error.WriteLine($"--bug: there is no '{name}'; there are {string.Join(' ', BugTable.All)}");
        return 2;
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
        var rare = seeds >= FaultKinds.LeastSeeds && only is null ? FaultKinds.Rare(coverage, seeds) : [];
        Report(coverage, rare, output);
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds} seeds from {first}, {broken} broken; {simulatedMs / 1000} s simulated in "
            + $"{watch.Elapsed.TotalSeconds:f1} s ({simulatedMs / Math.Max(1, watch.ElapsedMilliseconds)}x), "
            + $"{processor.TotalSeconds:f1} s of one core ({simulatedMs / processor.TotalMilliseconds:f0}x)"));
        return broken == 0 && rare.Count == 0 ? 0 : 1;
    }

    private static void Report(Coverage coverage, IReadOnlyList<string> rare, TextWriter output)
    {
        foreach (var (what, count) in coverage.Counts)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,10} {what}"));
        foreach (var kind in rare)
            output.WriteLine($"too seldom: {kind}");
    }

    private static ulong Number(string[] args, string name, ulong otherwise) =>
        Text(args, name) is { } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string? Text(string[] args, string name)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
