using System.Diagnostics;
using System.Globalization;
using Swarm.ClusterSim.Raft;

namespace Swarm.ClusterSim.Tests;

/// <summary>The same seed gives the same run: twice in one process, and in another process.</summary>
public sealed class DeterminismTests
{
    private const ulong Seeds = 100;

    [Fact]
    public void A_hundred_seeds_run_twice_alike()
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            var (first, second) = (RaftRunner.Run(seed), RaftRunner.Run(seed));
            Assert.Null(first.Violation);
            Assert.True(first.TraceHash == second.TraceHash, $"seed {seed} differs from itself");
        }
    }

    [Fact]
    public void Another_process_has_the_same_traces()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Swarm.ClusterSim.dll");
        var start = new ProcessStartInfo("dotnet", [program, "raft", "--seeds", "20", "--hash"])
        {
            RedirectStandardOutput = true,
        };
        using var other = Process.Start(start)!;
        var lines = other.StandardOutput.ReadToEnd();
        other.WaitForExit();
        Assert.Contains(
            RaftRunner.HashOf(1, 20).ToString("x16", CultureInfo.InvariantCulture), lines, StringComparison.Ordinal);
    }
}
