using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S7: what was acknowledged is committed, as acknowledged, and stays (with S4); every later read sees it (with S8).
/// </summary>
internal sealed class S7Acknowledged(CommittedLog log)
{
    public void OnAcknowledged(ulong index, RequestMark command)
    {
        if (index <= log.BaseIndex || index > log.LastIndex || log.At(index).Decoded?.Request != command)
            throw new ViolationException("S7", $"entry {index} was acknowledged but is not what is committed there");
    }
}
