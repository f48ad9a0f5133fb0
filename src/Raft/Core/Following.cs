namespace Swarm.Raft.Core;

/// <summary>The receiver's side of AppendEntries (Raft §5.3). The caller has checked terms: these come from the
/// leader.</summary>
internal static class Following
{
    public static StepOutcome OnAppend(CoreState s, AppendRequest m)
    {
        if (!IsWellFormed(m))
            return StepOutcome.Malformed;
        s.Follow(m.Term, m.From);
        if (s.DiskFull && !m.Needed && m.Entries.Count > 0)
        {
            s.Send(new HeartbeatReply(s.To(m.From), 0) { DiskFull = true });
            return StepOutcome.Handled;
        }
        if (m.PrevIndex < s.Log.Commit)
        {
            Accept(s, m, s.Log.Commit);
            return StepOutcome.Handled;
        }
        if (!s.Log.TryTermAt(m.PrevIndex, out var term) || term != m.PrevTerm)
        {
            var (index, hintTerm) = s.Log.LastNotAfterTerm(Math.Min(m.PrevIndex, s.Log.LastIndex), m.PrevTerm);
            s.Send(new AppendReply(s.To(m.From), m.PrevIndex, index, Rejected: true, hintTerm));
            return StepOutcome.Handled;
        }
        s.Log.Merge(m.Entries);
        var matched = m.PrevIndex + (ulong)m.Entries.Count;
        s.Log.CommitTo(Math.Min(m.Commit, matched));
        Accept(s, m, matched);
        return StepOutcome.Handled;
    }

    public static void OnHeartbeat(CoreState s, HeartbeatRequest m)
    {
        s.Follow(m.Term, m.From);
        s.Log.CommitTo(Math.Min(m.Commit, s.Log.LastIndex));
        s.Send(new HeartbeatReply(s.To(m.From), m.Round) { DiskFull = s.DiskFull });
    }

    private static void Accept(CoreState s, AppendRequest m, ulong matched) =>
        s.Send(new AppendReply(s.To(m.From), m.PrevIndex, matched, Rejected: false, HintTerm: 0));

    /// <summary>Contiguous, terms that rise from the previous one and not past the leader's, configurations that
    /// decode.</summary>
    private static bool IsWellFormed(AppendRequest m)
    {
        if (m.PrevIndex > RaftLimits.MaxIndex)
            return false;
        var (index, term) = (m.PrevIndex, m.PrevTerm);
        for (var i = 0; i < m.Entries.Count; i++)
        {
            var entry = m.Entries[i];
            if (entry.Index != index + 1 || entry.Term < term || entry.Term > m.Term)
                return false;
            if (entry.Type == EntryType.ConfChange && !Decodes(entry))
                return false;
            (index, term) = (entry.Index, entry.Term);
        }
        return term <= m.Term;
    }

    private static bool Decodes(RaftEntry entry)
    {
        try
        {
            RaftConfiguration.Decode(entry.Data.Span);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
