using Swarm.ClusterSim.Orchestration;

namespace Swarm.SwarmSim.Tests;

/// <summary>Every order of everything that can happen to two nodes and two services of two.</summary>
public sealed class SmallModelTests
{
    [Fact]
    public void One_failure_at_any_moment_ends_well()
    {
        var search = new ModelSearch();
        search.Explore(SmallModelCommand.Start(failures: 1, updates: 0));
        Assert.True(search.AtRest > 0);
    }
}
