using Swarm.ClusterSim.Orchestration;

namespace Swarm.SwarmSim.Tests;

/// <summary>The scale run, smaller.</summary>
public sealed class ScaleTests
{
    [Fact]
    public void Every_service_is_whole_at_the_end_of_each_minute_in_which_nodes_were_lost()
    {
        using var said = new StringWriter();
        string[] args =
        [
            "--nodes", "200", "--tasks", "4000", "--services", "20", "--minutes", "3", "--lost-per-minute", "30",
        ];
        Assert.True(ScaleCommand.Run(args, said) == 0, said.ToString());
    }

    [Fact]
    public void A_bound_that_is_broken_is_told()
    {
        using var said = new StringWriter();
        string[] args = ["--nodes", "20", "--tasks", "40", "--services", "4", "--minutes", "1", "--max-mib", "1"];
        Assert.Equal(1, ScaleCommand.Run(args, said));
        Assert.Contains("BEYOND", said.ToString(), StringComparison.Ordinal);
    }
}
