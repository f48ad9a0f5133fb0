using Swarm.ClusterSim.Raft;

namespace Swarm.ClusterSim.Tests;

/// <summary>A kind of fault that hardly happened is told: a simulator that disturbs nothing proves nothing.</summary>
public sealed class CoverageTests
{
    private static readonly string[] Kinds =
        [.. FaultKinds.Rare(new Coverage(), 1_000).Select(line => line[..line.LastIndexOf(':')])];

    [Fact]
    public void Nothing_is_too_seldom_when_each_kind_happened_a_hundred_times_in_a_thousand_seeds() =>
        Assert.Empty(FaultKinds.Rare(Each(100), 1_000));

    [Fact]
    public void One_less_of_one_kind_is_told()
    {
        var coverage = Each(100);
        coverage.Count(Kinds[3], -1);
        Assert.Equal([$"{Kinds[3]}: 99"], FaultKinds.Rare(coverage, 1_000));
    }

    [Fact]
    public void The_measure_grows_with_the_seeds() =>
        Assert.Equal(Kinds.Length, FaultKinds.Rare(Each(499), 5_000).Count);

    [Fact]
    public void Few_seeds_are_measured_by_the_same_rule()
    {
        Assert.Empty(FaultKinds.Rare(Each(30), 300));
        Assert.Equal(Kinds.Length, FaultKinds.Rare(Each(29), 300).Count);
    }

    private static Coverage Each(long times)
    {
        var coverage = new Coverage();
        foreach (var kind in Kinds)
            coverage.Count(kind, times);
        return coverage;
    }
}
