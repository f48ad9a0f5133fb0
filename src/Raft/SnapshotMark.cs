namespace Swarm.Raft;

/// <summary>What a snapshot stands for: everything up to an entry, and the configuration in force there.</summary>
/// <param name="Index">Last entry that is contained.</param>
/// <param name="Term">Term of that entry.</param>
/// <param name="Configuration">The newest configuration at or before that entry.</param>
public sealed record SnapshotMark(ulong Index, ulong Term, RaftConfiguration Configuration);
