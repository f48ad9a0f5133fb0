namespace Swarm.ClusterSim.Raft;

/// <summary>What has to go wrong, and how often.</summary>
internal static class FaultKinds
{
    /// <summary>Fewer of a kind in so many seeds is a failure.</summary>
    private const int Least = 100;
    private const int PerSeeds = 1_000;

    /// <summary>
    /// With fewer seeds than this nothing can be said: a kind of twice the least number is expected 20 times in 100
    /// seeds, in clusters of a few a run, and chance alone makes that fewer than 10 now and then.
    /// </summary>
    public const ulong LeastSeeds = 300;

    private static readonly string[] All =
    [
        "lost", "duplicated", "reordered", "delayed", "clog", "swizzle-clog", "link held",
        "partition, symmetric", "partition, asymmetric", "partition, partial", "member isolated", "one-way link",
        "topology, chain", "topology, star",
        "power cut", "process killed", "crash between disk operations", "power loss of all", "write lost", "write torn",
        "write kept unsynced", "pause", "processor starved",
        "state machine hangs", "disk hangs", "clock jump", "clock drift",
        "slow disk", "fsync failed", "disk full", "disk nearly full", "bit flipped", "sector misdirected",
        "sector stale", "disk wiped", "disk of another member",
        "member added", "removed", "replaced", "transfer asked", "transfer done", "snapshot taken", "state restored",
        "key rotated", "older program", "program upgraded", "old manager returns",
        "stranger's message", "burst", "refused busy", "client message lost", "client Unknown", "watch compacted",
    ];

    /// <summary>Kinds that happened too seldom, with how often.</summary>
    public static IReadOnlyList<string> Rare(Coverage coverage, ulong seeds) =>
        [.. All.Where(k => coverage.Of(k) * PerSeeds < Least * (long)seeds).Select(k => $"{k}: {coverage.Of(k)}")];
}
