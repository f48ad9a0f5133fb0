using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S3: a leader has every entry that was committed in an earlier term (Raft §5.4). Late votes can make a leader of a
/// term that is over; it need not have what was committed in later ones.
/// </summary>
internal sealed class S3LeaderCompleteness(CommittedLog log)
{
    public void OnLeader(RaftId leader, RaftCore core)
    {
        var from = Math.Max(core.FirstIndex, log.BaseIndex + 1);
        for (var index = from; index <= log.LastIndex && log.At(index).CommittedIn < core.Term; index++)
        {
            var committed = log.At(index).Entry;
            if (!core.Log.TryTermAt(index, out var term) || term != committed.Term)
                throw new ViolationException(
                    "S3", $"leader {leader} of term {core.Term} lacks committed entry {index} of {committed.Term}");
        }
    }
}
