using Swarm.ClusterSim.Raft;

namespace Swarm.ClusterSim.Tests;

/// <summary>Seeds that broke something once, with what it was.</summary>
public sealed class NamedSeedTests
{
    public static TheoryData<ulong, string, string> Seeds => new()
    {
        { 8, "Mixed", "a clock that jumped a day ahead made the cluster forget commands, and a retry acted again" },
        { 213, "RottenDisks", "a failed sync of a segment's end, a restart, a power cut: the member refused to start" },
        { 281, "SnapshotRaces", "a member restarted in a transfer, a late first piece came, and the rest never did" },
        { 2461, "Mixed", "the checker took a removed member for one that knows it: a power cut took the commit" },
        { 4788, "RottenDisks", "the checker took a change for open of whose commit the new leader had not heard" },
        { 290, "RacingChanges", "two racing changes each waited for the vote of a member that the other took out" },
    };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_stays_mended(ulong seed, string scenario, string what)
    {
        var result = RaftRunner.Run(seed, only: scenario);
        Assert.True(result.Violation is null, $"{what}: {result.Violation?.Message}");
    }
}
