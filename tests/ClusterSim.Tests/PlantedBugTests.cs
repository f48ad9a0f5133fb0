using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.ClusterSim.Raft;
using Swarm.Raft;

namespace Swarm.ClusterSim.Tests;

/// <summary>
/// A simulator that finds nothing proves nothing: each planted bug is found within 1,000 seeds. Which seed finds it is
/// known (planted-bugs.txt, written by "raft --bugs"): the search begins there, and goes through all others if the
/// scenarios have changed since.
/// </summary>
public sealed partial class PlantedBugTests
{
    private const ulong MaxSeeds = 1_000;
    private const int LeastBugs = 25;
    private const ulong Around = 2;

    public static TheoryData<string> Bugs => [.. BugTable.All.Select(r => r.ToString())];

    [Fact]
    public void There_are_at_least_as_many_as_asked_for() => Assert.True(BugTable.All.Count >= LeastBugs);

    [Theory]
    [MemberData(nameof(Bugs))]
    public void It_is_found(string bug)
    {
        var rule = Enum.Parse<Rule>(bug);
        var known = KnownSeeds().GetValueOrDefault(bug, 1UL);
        var first = known > Around ? known - Around : 1;
        var found = RaftRunner.Find(rule, (2 * Around) + 1, first) ?? RaftRunner.Find(rule, MaxSeeds);
        Assert.True(found is not null, $"{bug} ({BugTexts.Of(rule)}) is not found by {MaxSeeds} seeds");
    }

    private static Dictionary<string, ulong> KnownSeeds() => File
        .ReadLines(Path.Combine(AppContext.BaseDirectory, "planted-bugs.txt"))
        .Select(line => Line().Match(line))
        .Where(m => m.Success)
        .ToDictionary(m => m.Groups[1].Value, m => ulong.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^(R\w+) .* seed (\d+) ")]
    private static partial Regex Line();
}
