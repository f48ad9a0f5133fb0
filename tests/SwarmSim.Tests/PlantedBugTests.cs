using Swarm.ClusterSim.Orchestration;
using Swarm.Scheduler;

namespace Swarm.SwarmSim.Tests;

/// <summary>A simulator that finds nothing proves nothing: each planted bug is found.</summary>
public sealed class PlantedBugTests
{
    private const ulong Seeds = 40;

    /// <summary>The small model finds stale plans; here they are as rare as they are in life.</summary>
    public static TheoryData<string> Bugs =>
        [.. Enum.GetNames<PlantedBug>().Where(n => n is not (nameof(PlantedBug.None) or nameof(PlantedBug.StalePlan)))];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Is_found(string name)
    {
        var bug = Enum.Parse<PlantedBug>(name);
        Assert.NotNull(SwarmRunner.Find(bug, Seeds));
    }
}
