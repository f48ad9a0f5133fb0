using System.Diagnostics;
using System.Globalization;
using Swarm.ClusterSim.Raft;

namespace Swarm.ClusterSim.Tests;

/// <summary>The same seed gives the same run: twice in one process, and in another process.</summary>
public sealed class DeterminismTests
{
    private const ulong Seeds = 100;
    private const ulong OtherSeeds = 20;

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

    /// <summary>
    /// Code that is compiled as in Debug, method by method and without optimisation, has the same traces as code that
    /// the runtime optimises while it runs. That nothing in the source depends on the configuration is a rule of its
    /// own (Tidy.Tests); both together are Debug against Release, and no hash has to be kept and renewed.
    /// </summary>
    [Fact]
    public void Another_process_without_optimised_code_has_the_same_traces()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Swarm.ClusterSim.dll");
        var start = new ProcessStartInfo("dotnet", [program, "raft", "--seeds", $"{OtherSeeds}", "--hash"])
        {
            RedirectStandardOutput = true,
            Environment = { ["DOTNET_JITMinOpts"] = "1", ["DOTNET_ReadyToRun"] = "0" },
        };
        using var other = Process.Start(start)!;
        var lines = other.StandardOutput.ReadToEnd();
        other.WaitForExit();
        Assert.Contains(
            RaftRunner.HashOf(1, OtherSeeds).ToString("x16", CultureInfo.InvariantCulture), lines,
            StringComparison.Ordinal);
    }
}
