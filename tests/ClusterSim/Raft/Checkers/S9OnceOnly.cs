using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>S9: a command acts at most once, however often it is proposed.</summary>
internal sealed class S9OnceOnly
{
    private readonly Dictionary<RequestId, ulong> _acted = [];

    /// <param name="asked">The command that the client sent; members may know less of it.</param>
    public void OnApplied(RequestMark? asked, ulong index, ApplyResult result)
    {
        if (asked is null || result.Changes.IsEmpty)
            return;
        if (!_acted.TryAdd(asked.Id, index) && _acted[asked.Id] != index)
            throw new ViolationException(
                "S9", $"command {asked.Id.Client}/{asked.Id.Sequence} acts at {_acted[asked.Id]} and at {index}");
    }
}
