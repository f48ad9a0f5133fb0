namespace Swarm.Raft.Core;

/// <summary>ReadIndex (thesis §6.4): confirmed by a heartbeat round that starts after the read came.</summary>
internal static class Reads
{
    /// <summary>Stands for the index in the answer to a read that is not confirmed because too many wait.</summary>
    public const ulong BusyMark = 1;

    /// <summary>A read of this member, answered through the ready's read states when nothing is refused.</summary>
    public static NotDoneReason Ask(CoreState s, ulong requestId)
    {
        switch (s.Role)
        {
            case Role.Leader leader when leader.Reads.Count < RaftLimits.MaxPendingReads:
                leader.Reads.Add(s.Self, requestId);
                return NotDoneReason.None;
            case Role.Follower { LeaderId.Value: > 0 } f when f.ForwardedReads.Count < RaftLimits.MaxPendingReads:
                f.ForwardedReads.Add((requestId, 0));
                s.Send(new ReadRequest(s.To(f.LeaderId), requestId));
                return NotDoneReason.None;
            case Role.Leader or Role.Follower { LeaderId.Value: > 0 }:
                return NotDoneReason.Busy;
            default:
                return NotDoneReason.NotLeader;
        }
    }

    /// <summary>A follower's read. One that does not fit is answered at once, so that it need not wait.</summary>
    public static void OnRequest(CoreState s, ReadRequest m)
    {
        if (s.Role is Role.Leader leader && leader.Reads.Count < RaftLimits.MaxPendingReads)
            leader.Reads.Add(m.From, m.RequestId);
        else
            s.Send(new ReadReply(
                s.To(m.From), m.RequestId, s.Role is Role.Leader ? BusyMark : 0, Confirmed: false));
    }

    public static void OnReply(CoreState s, ReadReply m)
    {
        if (s.Role is not Role.Follower f || f.LeaderId != m.From)
            return;
        if (f.ForwardedReads.RemoveAll(r => r.RequestId == m.RequestId) > 0)
            s.ReadStates.Add(new(m.RequestId, m.Index, m.Confirmed));
    }

    /// <summary>
    /// Starts a round for what came since the last, but not before an entry of the own term is committed: until then
    /// a new leader does not know what is committed (Raft §8).
    /// </summary>
    public static void Flush(CoreState s, Role.Leader leader)
    {
        if (!leader.Reads.HasFresh || (s.Log.Commit < leader.NoOpIndex && !Planted.Breaks(Rule.R13)))
            return;
        leader.Reads.StartRound(s.Log.Commit);
        Replication.BroadcastHeartbeat(s, leader);
        Confirm(s, leader);
    }

    public static void Confirm(CoreState s, Role.Leader leader)
    {
        if (!leader.Reads.HasWaiting)
            return;
        Span<ulong> rounds = stackalloc ulong[RaftLimits.MaxMembers];
        var voters = 0;
        foreach (var member in s.Configuration.Members)
        {
            if (!member.Learner)
                rounds[voters++] = member.Id == s.Self ? leader.Reads.Round : leader.Followers[member.Id].Round;
        }
        var confirmed = Replication.QuorumOf(rounds[..voters]);
        if (Planted.Breaks(Rule.R12) || (Planted.Breaks(Rule.R14)
            && Replication.HeardVoters(s, leader, s.Configuration) >= s.Configuration.Quorum))
            confirmed = leader.Reads.Round;
        while (leader.Reads.TryTakeConfirmed(confirmed, out var read))
        {
            if (read.From == s.Self)
                s.ReadStates.Add(new(read.RequestId, read.Index, Confirmed: true));
            else
                s.Send(new ReadReply(s.To(read.From), read.RequestId, read.Index, Confirmed: true));
        }
    }

    /// <summary>Forwarded reads whose answer was lost fail after the longest election timeout.</summary>
    public static void TickForwarded(CoreState s, Role.Follower f)
    {
        if (f.ForwardedReads.Count == 0)
            return;
        for (var i = 0; i < f.ForwardedReads.Count; i++)
            f.ForwardedReads[i] = f.ForwardedReads[i] with { AgeTicks = f.ForwardedReads[i].AgeTicks + 1 };
        foreach (var (requestId, age) in f.ForwardedReads)
        {
            if (age > s.Options.ElectionMaxTicks)
                s.ReadStates.Add(new(requestId, 0, Confirmed: false));
        }
        f.ForwardedReads.RemoveAll(r => r.AgeTicks > s.Options.ElectionMaxTicks);
    }

    /// <summary>The role ends: what waited for its leader has to be asked again.</summary>
    public static void FailAll(CoreState s)
    {
        var lost = s.Role switch
        {
            Role.Leader leader => leader.Reads.RequestsOf(s.Self),
            Role.Follower f => f.ForwardedReads.Select(r => r.RequestId),
            _ => [],
        };
        foreach (var requestId in lost)
            s.ReadStates.Add(new(requestId, 0, Confirmed: false));
    }
}
