using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Which seed finds which planted bug, and who noticed.</summary>
internal static class BugTable
{
    private const int MessageLength = 90;

    public static IReadOnlyList<Rule> All { get; } = [.. Enum.GetValues<Rule>().Where(r => r != Rule.None)];

    public static int Print(ulong seeds, TextWriter output)
    {
        var missed = 0;
        output.WriteLine(
            $"{"switch",-12} {"what is broken",-53} {"found by",-9} {"scenario",-14} noticed by");
        foreach (var rule in All)
        {
            var found = RaftRunner.Find(rule, seeds);
            if (found is null)
                missed++;
            output.WriteLine(
                $"{rule,-12} {BugTexts.Of(rule),-53} {(found is null ? "NOT FOUND" : $"seed {found.Seed}"),-9} "
                + $"{found?.Scenario,-14} {FirstLine(found)}");
            output.Flush();
        }
        output.WriteLine($"{All.Count - missed} of {All.Count} planted bugs found by {seeds} seeds");
        return missed == 0 ? 0 : 1;
    }

    public static int PrintOne(Rule rule, Range range, TextWriter? trace)
    {
        var found = RaftRunner.Find(rule, range.Seeds, range.First, range.Only);
        if (found is not null && trace is not null)
            RaftRunner.Run(found.Seed, trace, rule, range.Only);
        Console.Out.WriteLine(found is null
            ? $"{rule} ({BugTexts.Of(rule)}): not found by {range.Seeds} seeds from {range.First}"
            : $"{rule} ({BugTexts.Of(rule)}): found by seed {found.Seed} ({found.Scenario}) after "
                + $"{found.Seed - range.First + 1} seeds: {found.Violation!.Message}");
        return found is null ? 1 : 0;
    }

    private static string FirstLine(SeedResult? found)
    {
        var text = found?.Violation?.Message.Split('\n')[0] ?? "";
        return text.Length > MessageLength ? text[..MessageLength] : text;
    }

    /// <param name="First">First seed.</param>
    /// <param name="Seeds">How many.</param>
    /// <param name="Only">The one scenario that they run; null = what they draw.</param>
    internal readonly record struct Range(ulong First, ulong Seeds, string? Only);
}
