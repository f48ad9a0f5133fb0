namespace Swarm.Raft;

/// <summary>
/// What must be on disk before a message that depends on it leaves. <see cref="Commit"/> is a lower bound: it is
/// true when it was written, and may lag behind what was known before a crash.
/// </summary>
public readonly record struct HardState(ulong Term, RaftId Vote, ulong Commit);
