using System.Diagnostics;
using System.Globalization;
using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Which seed finds which planted bug, and who noticed.</summary>
internal static class BugTable
{
    public static int Print(ulong seeds, TextWriter output)
    {
        var missed = 0;
        foreach (var rule in Enum.GetValues<Rule>().Where(r => r != Rule.None))
        {
            var watch = Stopwatch.StartNew();
            var found = RaftRunner.Find(rule, seeds);
            if (found is null)
                missed++;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{rule,-24} {(found is null ? "NOT FOUND" : $"seed {found.Seed}"),-10} "
                + $"{watch.Elapsed.TotalSeconds,6:f1} s  {found?.Scenario} {FirstLine(found)}"));
            output.Flush();
        }
        output.WriteLine($"{Enum.GetValues<Rule>().Length - 1 - missed} found, {missed} not");
        return missed == 0 ? 0 : 1;
    }

    public static int PrintOne(Rule rule, ulong first, ulong seeds, TextWriter? trace)
    {
        var found = RaftRunner.Find(rule, seeds, first);
        if (found is not null && trace is not null)
            RaftRunner.Run(found.Seed, trace, rule);
        Console.Out.WriteLine(found is null
            ? $"{rule}: not found by {seeds} seeds from {first}"
            : $"{rule}: found by seed {found.Seed} ({found.Scenario}) after {found.Seed - first + 1} seeds: "
                + found.Violation!.Message);
        return found is null ? 1 : 0;
    }

    private static string FirstLine(SeedResult? found)
    {
        var text = found?.Violation?.Message.Split('\n')[0] ?? "";
        return text.Length > 110 ? text[..110] : text;
    }
}
