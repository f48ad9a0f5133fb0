using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>
/// A majority of the voters agrees on another state than this member's after the same entry. Its memory or its disk
/// cannot be trusted, so it stops.
/// </summary>
public sealed class StateDivergedException : Exception
{
    internal StateDivergedException(RaftId self, HashEvidence evidence) : base(
        $"the state of raft member {self} after entry {evidence.Index} is {evidence.Own:x32}, but "
        + string.Join(", ", evidence.Others.Select(o => $"member {o.Key} has {o.Value:x32}"))
        + ": a majority agrees on another state, so this member stops. Check memory and disk, remove this member, "
        + "delete its directory and join it again as a new one.") => Evidence = evidence;

    /// <summary>Index and hashes.</summary>
    public HashEvidence Evidence { get; }

    /// <summary>The entry after which the states differ.</summary>
    public ulong Index => Evidence.Index;
}
