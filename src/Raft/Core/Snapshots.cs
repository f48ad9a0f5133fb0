namespace Swarm.Raft.Core;

/// <summary>A piece of the snapshot that the shell reads and sends as a <see cref="SnapshotRequest"/>.</summary>
/// <param name="Envelope">From this member to the follower.</param>
/// <param name="Transfer">Number of the transfer.</param>
/// <param name="Mark">The snapshot it is a piece of, by reference: there may be two files of one index.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="LengthBytes">How long it is.</param>
/// <param name="Last">The snapshot ends with it.</param>
public readonly record struct SnapshotRead(
    Envelope Envelope, ulong Transfer, SnapshotMark Mark, ulong Offset, int LengthBytes, bool Last);

/// <summary>A snapshot whose last piece has come.</summary>
/// <param name="Transfer">Who sent it, in which term, and its number there.</param>
/// <param name="Mark">What it stands for.</param>
/// <param name="LengthBytes">Of all pieces.</param>
internal sealed record WholeSnapshot(
    (RaftId From, ulong Term, ulong Number) Transfer, SnapshotMark Mark, ulong LengthBytes)
{
    /// <summary>Another transfer that began meanwhile (of the next leader), and the entry it reaches: it waits for what
    /// becomes of this one.</summary>
    public ((RaftId From, ulong Term, ulong Number) Transfer, ulong Index) Other { get; init; }
}

/// <summary>Snapshots between members (Raft §7; thesis §5.3), in pieces that may be lost, repeated and
/// reordered.</summary>
internal static class Snapshots
{
    /// <summary>A transfer to a follower that was not heard for so many election timeouts is given up.</summary>
    private const int AbandonElectionTimeouts = 5;

    /// <summary>A member that had no room for a snapshot takes none for so many election timeouts.</summary>
    private const int RefuseElectionTimeouts = 10;

    /// <summary>The follower needs what the log no longer has. Without a snapshot it waits for one.</summary>
    public static void Begin(CoreState s, Role.Leader leader, Progress progress)
    {
        var transfer = s.Snapshot is { } file
            ? new SnapshotTransfer(++leader.Transfers, file, s.Options.ElectionMinTicks)
            : null;
        progress.SendSnapshot(transfer);
    }

    /// <summary>Pieces for as long as the follower's window is open.</summary>
    public static void Flush(CoreState s, Role.Leader leader, RaftId to, Progress progress)
    {
        if (progress.Transfer is null && s.Log.TryTermAt(progress.Next - 1, out _))
        {
            progress.Probe(progress.Next);
            return;
        }
        if (progress.Transfer is null && progress.SilentTicks < s.Options.ElectionMinTicks)
            Begin(s, leader, progress);
        if (progress.Transfer is not { } transfer || progress.DiskFull)
            return;
        while (transfer.TryNext(out var piece))
        {
            s.SnapshotReads.Add(
                new(s.To(to), transfer.Number, transfer.Mark, piece.Offset, piece.LengthBytes, piece.Last));
        }
    }

    /// <summary>Silence sends again, and in the end gives up what is sent, so that its file can go.</summary>
    public static void Tick(CoreState s, Progress progress)
    {
        if (progress.Transfer is not { } transfer)
            return;
        if (progress.SilentTicks >= s.Options.ElectionMaxTicks * AbandonElectionTimeouts)
            progress.SendSnapshot(null);
        else
            transfer.Tick(progress.SilentTicks < s.Options.ElectionMinTicks);
    }

    public static void OnReply(CoreState s, SnapshotReply m)
    {
        if (s.Role is not Role.Leader leader || !leader.Followers.TryGetValue(m.From, out var progress))
            return;
        progress.SilentTicks = 0;
        if (progress.Transfer is not { } transfer || transfer.Number != m.Transfer || m.Index != transfer.Mark.Index)
            return;
        if (m.Outcome == SnapshotOutcome.Continue)
            transfer.Answered(m.NextOffset);
        else if (progress.Accepted(m.Index))
            Replication.MaybeCommit(s, leader);
    }

    /// <summary>
    /// The receiver's side. What the log has already is answered as installed; a piece that is not the next one is
    /// answered with what is. Nothing else comes in until a complete snapshot is read and installed.
    /// </summary>
    public static StepOutcome OnRequest(CoreState s, SnapshotRequest m)
    {
        var complete = m.Last || m.Data.Length > 0;
        if (!complete || m.Mark.Index == 0 || m.Mark.Term > m.Term)
            return StepOutcome.Malformed;
        s.Follow(m.Term, m.From);
        if (s.Install is not null || s.DiskFull)
            return StepOutcome.Handled;
        if (s.Log.TryTermAt(m.Mark.Index, out var term) && term == m.Mark.Term && !Planted.Breaks(Rule.R15Suffix))
            s.Log.CommitTo(m.Mark.Index);
        if (m.Mark.Index <= s.Log.Commit && !Planted.Breaks(Rule.R15Older))
        {
            s.Send(Reply(s, m, 0, SnapshotOutcome.Installed));
            return StepOutcome.Handled;
        }
        if (s.Whole is { } whole)
        {
            if (whole.Transfer == TransferOf(m))
                s.Send(Reply(s, m, whole.LengthBytes, SnapshotOutcome.Continue));
            else
                s.Whole = whole with { Other = (TransferOf(m), m.Mark.Index) };
        }
        else if (s.RefuseSnapshotTicks == 0)
            Take(s, m);
        return StepOutcome.Handled;
    }

    /// <summary>
    /// What came in whole is read. Much may have happened meanwhile: the same checks are made as when it began to come,
    /// and answers go to leaders of this term only.
    /// </summary>
    public static bool Prepared(CoreState s)
    {
        RaftInvariantException.Check(s.Whole is not null, "a snapshot that was read came in whole before");
        var (whole, mark) = (s.Whole, s.Whole.Mark);
        s.Whole = null;
        if (s.Role is Role.Leader)
            return false;
        if (s.DiskFull)
        {
            Refuse(s);
            return false;
        }
        if (s.Log.TryTermAt(mark.Index, out var term) && term == mark.Term && !Planted.Breaks(Rule.R15Suffix))
            s.Log.CommitTo(mark.Index);
        var isNew = mark.Index > s.Log.Commit || Planted.Breaks(Rule.R15Older);
        if (isNew)
        {
            s.Install = mark;
            s.Log.Replace(mark);
        }
        AnswerInstalled(s, whole.Transfer, mark.Index);
        AnswerInstalled(s, whole.Other.Transfer, whole.Other.Index);
        return isNew;
    }

    /// <summary>There is no room: what came in is forgotten, and nothing is taken for a while.</summary>
    public static void Refuse(CoreState s)
    {
        s.Receiving = default;
        s.Whole = null;
        s.HasToPrepare = false;
        s.RefuseSnapshotTicks = RefuseElectionTimeouts * s.Options.ElectionMaxTicks;
    }

    private static void AnswerInstalled(
        CoreState s, (RaftId From, ulong Term, ulong Number) transfer, ulong index)
    {
        if (transfer.Term == s.Term && index <= s.Log.Commit)
            s.Send(new SnapshotReply(s.To(transfer.From), transfer.Number, index, 0, SnapshotOutcome.Installed));
    }

    private static void Take(CoreState s, SnapshotRequest m)
    {
        var transfer = TransferOf(m);
        if (m.Offset == 0 && s.Receiving.Transfer != transfer)
            s.Receiving = (transfer, 0);
        var next = s.Receiving.Transfer == transfer ? s.Receiving.NextOffset : 0;
        if (s.Receiving.Transfer != transfer || m.Offset != next)
        {
            s.Send(Reply(s, m, next, SnapshotOutcome.Continue));
            return;
        }
        s.SnapshotWrites.Add(m);
        next += (ulong)m.Data.Length;
        s.Receiving = (transfer, next);
        s.Send(Reply(s, m, next, SnapshotOutcome.Continue));
        if (!m.Last)
            return;
        s.Receiving = default;
        s.Whole = new WholeSnapshot(transfer, m.Mark, next);
        s.HasToPrepare = true;
    }

    private static (RaftId From, ulong Term, ulong Number) TransferOf(SnapshotRequest m) =>
        (m.From, m.Term, m.Transfer);

    private static SnapshotReply Reply(CoreState s, SnapshotRequest m, ulong next, SnapshotOutcome outcome) =>
        new(s.To(m.From), m.Transfer, m.Mark.Index, next, outcome);
}
