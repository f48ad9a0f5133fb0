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

    /// <summary>Each broke an invariant once, and the product was wrong.</summary>
    [Theory]
    [InlineData(125, "I24: a change of replicas made an update forget what it had begun")]
    [InlineData(256, "I24: what a superseded update had begun failed, and another slot was begun with its next try")]
    [InlineData(277, "I33: an old task that did not stop took the place of one that attempts are counted from")]
    [InlineData(365, "L1: what a superseded update had begun waited beside its old task for ever")]
    [InlineData(403, "I24: a slot lost its room, and another was begun in the plan that began it again")]
    [InlineData(135, "I24: the same, while the task that lost its room had not stopped yet")]
    [InlineData(273, "I33: a drained node's replacement was made again and again, whatever its attempts")]
    [InlineData(12, "I24: another try of what a superseded update had begun was taken for a beginning")]
    [InlineData(956, "I26: an update was completed when its last task had just lost its room")]
    [InlineData(978, "job: a node came back, its task ran on, and another had taken its turn in the same plan")]
    [InlineData(999, "I6: a node was drained when an update had just brought a task up there, the old one ran still")]
    [InlineData(137, "I26: a global service that leaves a node in mid-update was taken for one that stays")]
    [InlineData(716, "I25: the same")]
    [InlineData(652, "I33: a slot that was scaled away is not always the last")]
    [InlineData(826, "I29: a plan that begins an update and rolls it back was taken for a rollback's rollback")]
    [InlineData(877, "I10: a surplus slot's last task stayed for a moment, and its history was missed")]
    public void A_seed_that_was_broken_is_clean(ulong seed, string why)
    {
        var result = SwarmRunner.Run(seed);
        Assert.True(result.Violation is null, $"seed {seed} ({why}): {result.Violation?.Message}");
    }

    [Fact]
    public void A_seed_is_always_the_same_run()
    {
        var (first, second) = (SwarmRunner.Run(7), SwarmRunner.Run(7));
        Assert.Equal(first.TraceHash, second.TraceHash);
        Assert.NotEqual(first.TraceHash, SwarmRunner.Run(8).TraceHash);
    }
}
