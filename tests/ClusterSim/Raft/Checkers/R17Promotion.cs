using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>R17: a learner becomes a voter only when it has nearly everything: what was committed two seconds
/// ago.</summary>
internal sealed class R17Promotion(World world)
{
    private const long LagUs = 2 * Timeline.UsPerSecond;
    private readonly Queue<(long AtUs, ulong Commit)> _history = new();
    private readonly HashSet<RaftId> _voters = [];
    private ulong _newest;
    private ulong _longAgo;

    public void OnTurn(RaftCore core)
    {
        var now = world.Timeline.NowUs;
        if (_newest < world.Checks.Log.LastIndex)
            _history.Enqueue((now, _newest = world.Checks.Log.LastIndex));
        while (_history.TryPeek(out var old) && old.AtUs < now - LagUs)
            _longAgo = _history.Dequeue().Commit;
        if (core.Role != RaftRole.Leader || core.Log.ConfigurationIndex <= core.CommitIndex)
            return;
        foreach (var member in core.Configuration.Members)
        {
            if (member.Learner || !_voters.Add(member.Id) || core.CommitIndex < 2)
                continue;
            var has = core.DescribeMembers().First(m => m.Id == member.Id).Match;
            if (member.Id != world.Leader()?.Id && has < _longAgo && IsPromotedHere(core, member.Id))
                throw new ViolationException(
                    "R17", $"{member.Id} becomes a voter with {has}, {_longAgo} was committed two seconds ago");
        }
    }

    /// <summary>This leader itself made it a voter, just now.</summary>
    private static bool IsPromotedHere(RaftCore core, RaftId id)
    {
        var at = core.Log.ConfigurationIndex;
        return at > core.CommitIndex && core.Log.TermAt(at) == core.Term
            && core.Log.MarkAt(at - 1).Configuration.Find(id) is { Learner: true };
    }
}
