using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S4: what is committed at an index is the same everywhere for ever, and so is the state after it. Together with
/// acknowledgements this says that nothing acknowledged is lost (S7).
/// </summary>
internal sealed class S4SameForEver(CommittedLog log)
{
    public void OnCommitted(SimMember member, ulong term, RaftEntry entry)
    {
        if (entry.Index > log.LastIndex + 1)
            throw new ViolationException(
                "S4", $"{member.Id} commits {entry.Index}, the last anywhere is {log.LastIndex}");
        if (log.TryAdd(entry, term))
            return;
        var first = log.At(entry.Index);
        if (first.Entry.Term != entry.Term || first.Fingerprint != S2LogMatching.HashOf(entry))
            throw new ViolationException(
                "S4", $"{member.Id} commits another entry at {entry.Index}: term {entry.Term}, it was "
                    + $"{first.Entry.Term}");
    }

    public void OnState(SimMember member, ulong index, UInt128 hash)
    {
        if (index > log.LastIndex)
            throw new ViolationException("S4", $"{member.Id} has a state at {index}, which nobody committed");
        if (index > 0 && log.StateAt(index).Hash != hash)
            throw new ViolationException("S4", $"{member.Id} has another state at {index} than a replay of the log");
    }
}
