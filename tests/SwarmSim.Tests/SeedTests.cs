using Swarm.ClusterSim.Orchestration;

namespace Swarm.SwarmSim.Tests;

/// <summary>The product's cores under the simulator: some seeds, always the same run, checkers that look.</summary>
public sealed class SeedTests
{
    [Fact]
    public void Seeds_are_clean_and_every_checker_has_something_to_look_at()
    {
        var looks = new Dictionary<string, long>();
        foreach (var seed in new ulong[] { 2, 6, 12, 15, 24 })
        {
            var result = SwarmRunner.Run(seed);
            Assert.True(result.Violation is null, $"seed {seed}: {result.Violation?.Message}");
            foreach (var checker in result.Checkers.Where(c => c is not UpdateBook))
            {
                looks[checker.Name] = looks.GetValueOrDefault(checker.Name) + checker.Looks;
            }
        }

        Assert.True(looks.Values.Count(l => l > 0) >= 22, string.Join(' ', looks));
    }

    [Fact]
    public void A_seed_is_always_the_same_run()
    {
        var (first, second) = (SwarmRunner.Run(7), SwarmRunner.Run(7));
        Assert.Equal(first.TraceHash, second.TraceHash);
        Assert.NotEqual(first.TraceHash, SwarmRunner.Run(8).TraceHash);
    }
}
