using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>What `info` tells of Raft.</summary>
internal static class RaftText
{
    internal static void Print(TextWriter output, RaftInfo raft)
    {
        output.WriteLine(" Raft:");
        output.WriteLine($"  ID: {raft.RaftId}");
        output.WriteLine($"  Role: {raft.Role}");
        output.WriteLine($"  Term: {raft.Term}");
        output.WriteLine($"  Leader: {Leader(raft)}");
        output.WriteLine($"  Commit/Applied: {raft.CommitIndex}/{raft.AppliedIndex}");
        output.WriteLine($"  Log: {raft.FirstIndex}-{raft.LastIndex}, {Spans.Bytes(raft.LogBytes)}");
        output.WriteLine($"  Snapshot: {Snapshot(raft)}");
        output.WriteLine($"  Disk Full: {(raft.DiskFull ? "true" : "false")}");
        if (raft.DisputedIndex > 0)
        {
            output.WriteLine($"  States Differ: after entry {raft.DisputedIndex}, and no majority agrees");
        }

        if (raft.Removed)
        {
            output.WriteLine("  Removed: true");
        }

        Members(output, raft, "Voters", learner: false);
        Members(output, raft, "Learners", learner: true);
    }

    private static string Leader(RaftInfo raft) => raft.LeaderRaftId == 0
        ? "none"
        : raft.Members.FirstOrDefault(m => m.RaftId == raft.LeaderRaftId) is { } leader
            ? $"{leader.NodeId} {leader.Address}"
            : $"{raft.LeaderRaftId}";

    private static string Snapshot(RaftInfo raft)
    {
        if (raft.SnapshotAgeMs < 0)
        {
            return "none";
        }

        var age = Spans.Go(raft.SnapshotAgeMs / 1000 * 1_000_000_000);
        return $"up to {raft.SnapshotIndex}, {Spans.Bytes(raft.SnapshotBytes)}, {age} old";
    }

    private static void Members(TextWriter output, RaftInfo raft, string title, bool learner)
    {
        var members = raft.Members.Where(m => m.Learner == learner).ToList();
        output.WriteLine($"  {title}: {members.Count}");
        foreach (var member in members)
        {
            output.WriteLine($"   {member.NodeId} {member.Address}{State(raft, member)}");
        }
    }

    private static string State(RaftInfo raft, RaftMemberInfo member)
    {
        var leader = member.RaftId == raft.LeaderRaftId ? " leader" : "";
        if (!raft.MembersKnown)
        {
            return leader;
        }

        var full = member.DiskFull ? ", disk full" : "";
        var snapshot = member.Progress == "snapshot" ? ", gets a snapshot" : "";
        return $"{leader} {(member.Reachable ? "reachable" : "unreachable")}, match {member.Match}{snapshot}{full}";
    }
}
