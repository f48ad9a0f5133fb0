namespace Swarm.Raft;

/// <summary>How often something took how long, since start.</summary>
/// <param name="UpperSeconds">Upper ends of the buckets, inclusive, rising; one without end follows.</param>
/// <param name="Counts">How many fell into each bucket alone, the endless one last: one more than ends.</param>
/// <param name="SumSeconds">All durations together.</param>
public sealed record LatencyPicture(
    IReadOnlyList<double> UpperSeconds, IReadOnlyList<long> Counts, double SumSeconds);
