using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Lines for people.</summary>
internal static class Describe
{
    public static string Message(RaftMessage message)
    {
        var e = message.Envelope;
        var what = message switch
        {
            AppendRequest a =>
                $"append after {a.PrevIndex}/{a.PrevTerm}: {a.Entries.Count} entries"
                    + (a.Entries.Count > 0 ? $" to {a.Entries[^1].Index}/{a.Entries[^1].Term}" : "")
                    + $", commit {a.Commit}",
            AppendReply r => r.Rejected ? $"rejects {r.PrevIndex}, hint {r.LastIndex}/{r.HintTerm}"
                : $"has {r.LastIndex}",
            VoteRequest v => $"{(v.PreVote ? "pre-vote" : "vote")}? {v.LastIndex}/{v.LastTerm}",
            VoteReply v => $"{(v.PreVote ? "pre-vote" : "vote")} {(v.Granted ? "yes" : "no")}",
            HeartbeatRequest h => $"heartbeat commit {h.Commit} round {h.Round}",
            HeartbeatReply h => $"heard round {h.Round}",
            SnapshotRequest s =>
                $"snapshot {s.Mark.Index}/{s.Mark.Term} #{s.Transfer} at {s.Offset}+{s.Data.Length}"
                    + (s.Last ? ", last" : ""),
            SnapshotReply s => $"snapshot {s.Index} #{s.Transfer}: {s.Outcome}, next {s.NextOffset}",
            _ => message.GetType().Name,
        };
        return $"{e.From}>{e.To} t{e.Term} {what}";
    }

    public static string Members(World world) => string.Join("; ", world.Members.Values.Select(Member));

    private static string Member(SimMember member)
    {
        if (member.Process?.Machine is not { Core: { } core } machine)
            return $"{member.Id} {(member.LostAtUs is null ? "down" : "lost")}";
        var voters = string.Join(
            ' ', core.Configuration.Members.Select(m => m.Learner ? $"({m.Id})" : $"{m.Id}"));
        return $"{member.Id} {core.Role} t{core.Term} log {core.FirstIndex}..{core.LastIndex} c{core.CommitIndex} "
            + $"a{machine.Applied} [{voters}]";
    }
}
