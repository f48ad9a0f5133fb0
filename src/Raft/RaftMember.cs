namespace Swarm.Raft;

/// <summary>One member of the configuration. The address is the one that other members dial.</summary>
/// <param name="Id">Identity of the member's log.</param>
/// <param name="Address">host:port, at most <see cref="RaftLimits.MaxAddressBytes"/> bytes of UTF-8.</param>
/// <param name="Learner">Receives the log, but has no vote and counts in no quorum.</param>
/// <param name="NodeId">The node this member runs on; means nothing to Raft.</param>
public sealed record RaftMember(RaftId Id, string Address, bool Learner, string NodeId);
