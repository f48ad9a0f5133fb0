using System.Diagnostics;
using System.Globalization;
using Swarm.Scheduler;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>The command line of the orchestrator's simulator.</summary>
internal static class SwarmCommand
{
    public const string Usage = """
        usage: ClusterSim swarm [--seeds N] [--seed S] [--trace] [--bug NAME] [--all-bugs] [--looks]
        """;

    public static int Run(string[] args, TextWriter output)
    {
        var seeds = Number(args, "--seeds", args.Contains("--seed") ? 1UL : 100UL);
        var first = Number(args, "--seed", 1);
        if (args.Contains("--all-bugs"))
            return AllBugs(seeds == 1 ? 100 : seeds, output);
        if (Text(args, "--bug") is { } name)
        {
            var bug = Enum.Parse<PlantedBug>(name);
            return OneBug(bug, (first, seeds == 1 ? 100 : seeds), args.Contains("--trace"), output);
        }
        return RunSeeds(first, seeds, args, output);
    }

    private static int RunSeeds(ulong first, ulong seeds, string[] args, TextWriter output)
    {
        var coverage = new Coverage();
        var looks = new Coverage();
        var watch = Stopwatch.StartNew();
        var (broken, simulatedMs, slowestMs) = (0UL, 0L, 0L);
        for (var seed = first; seed < first + seeds; seed++)
        {
            var result = SwarmRunner.Run(seed, args.Contains("--trace") ? output : null);
            simulatedMs += result.SimulatedMs;
            slowestMs = Math.Max(slowestMs, result.ConvergedMs);
            coverage.Add(result.Coverage);
            foreach (var checker in result.Checkers)
                looks.Count(checker.Name, checker.Looks);
            if (result.Violation is not null)
                broken++;
            if (result.Violation is not null || seeds == 1)
                output.WriteLine($"seed {seed}: {result.Violation?.Message ?? "clean"}; trace {result.TraceHash:x16}");
        }
        output.WriteLine(string.Join(", ", coverage.Counts.Select(c => $"{c.Key} {c.Value}")));
        if (args.Contains("--looks"))
            output.WriteLine(string.Join(", ", looks.Counts.Select(c => $"{c.Key} {c.Value}")));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds} seeds from {first}, {broken} broken; {simulatedMs / 1000} s simulated in "
            + $"{watch.Elapsed.TotalSeconds:f1} s; converged at most {slowestMs / 1000.0:f1} s after the last fault"));
        return broken == 0 ? 0 : 1;
    }

    private static int AllBugs(ulong seeds, TextWriter output)
    {
        var missed = Enum.GetValues<PlantedBug>().Where(b => b != PlantedBug.None)
            .Count(b => OneBug(b, (1, seeds), trace: false, output) != 0);
        output.WriteLine($"{Enum.GetValues<PlantedBug>().Length - 1 - missed} found, {missed} not");
        return missed == 0 ? 0 : 1;
    }

    private static int OneBug(PlantedBug bug, (ulong First, ulong Count) seeds, bool trace, TextWriter output)
    {
        var found = SwarmRunner.Find(bug, seeds.Count, seeds.First);
        if (found is not null && trace)
            SwarmRunner.Run(found.Seed, output, bug);
        output.WriteLine(found is null
            ? $"{bug}: not found by {seeds.Count} seeds from {seeds.First}"
            : $"{bug}: seed {found.Seed}: {found.Violation!.Message.Split('\n')[0]}");
        output.Flush();
        return found is null ? 1 : 0;
    }

    internal static ulong Number(string[] args, string name, ulong otherwise) =>
        Text(args, name) is { } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    internal static string? Text(string[] args, string name)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
