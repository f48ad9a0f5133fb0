using Swarm.ClusterSim.Orchestration;
using Swarm.Scheduler;

namespace Swarm.SwarmSim.Tests;

/// <summary>Every order of everything that can happen to two nodes and two services of two.</summary>
public sealed class SmallModelTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    public void Failures_and_updates_at_any_moment_end_well(int failures, int updates)
    {
        var search = new ModelSearch();
        Assert.Null(SmallModelCommand.Explore(search, failures, updates)?.Message);
        Assert.True(search.AtRest > 0);
        Assert.True(search.IsExhausted);
    }

    [Theory]
    [InlineData("StalePlan", 2, 0)]
    [InlineData("TwoInSlot", 0, 1)]
    [InlineData("StopNotAwaited", 0, 1)]
    public void It_finds_a_planted_bug(string bug, int failures, int updates) =>
        Assert.NotNull(SmallModelCommand.Explore(new ModelSearch(), failures, updates, Enum.Parse<PlantedBug>(bug)));
}
