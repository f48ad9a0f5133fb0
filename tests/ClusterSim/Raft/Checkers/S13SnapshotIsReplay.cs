using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>S13: the state from a snapshot is the state from a full replay.</summary>
internal sealed class S13SnapshotIsReplay(CommittedLog log)
{
    public void OnRestored(RaftId member, ulong index, UInt128 hash)
    {
        if (index < Math.Max(1, log.BaseIndex) || index > log.LastIndex)
            throw new ViolationException("S13", $"{member} restores {index}, the last committed is {log.LastIndex}");
        if (log.StateAt(index).Hash != hash)
            throw new ViolationException("S13", $"{member} restores another state at {index} than a replay gives");
    }
}
