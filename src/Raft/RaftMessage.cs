namespace Swarm.Raft;

/// <summary>
/// Who says it to whom, of which cluster, in which term. A message that does not fit its receiver is refused
/// before anything else is looked at.
/// </summary>
/// <param name="ClusterId">Cluster of the sender.</param>
/// <param name="From">Sender.</param>
/// <param name="To">Receiver it is meant for.</param>
/// <param name="Term">Sender's term (a pre-vote names the term it would start).</param>
/// <param name="FromAddress">Where the sender is dialled, so that a member without a log can answer; may be
/// empty.</param>
public readonly record struct Envelope(string ClusterId, RaftId From, RaftId To, ulong Term, string FromAddress);

/// <summary>One message between members; a closed family.</summary>
public abstract record RaftMessage
{
    private protected RaftMessage(Envelope envelope) => Envelope = envelope;

    /// <summary>Address and term.</summary>
    public Envelope Envelope { get; }

    /// <summary>Bytes it counts against queue limits, near to its encoded size.</summary>
    public virtual int CostBytes => RaftLimits.EntryOverheadBytes;

    internal ulong Term => Envelope.Term;

    internal RaftId From => Envelope.From;
}

/// <summary>
/// A message of a kind that this version does not know: a newer member's. It is counted and dropped, so that members
/// of two versions can run beside each other.
/// </summary>
/// <param name="Envelope">Address and term.</param>
/// <param name="Kind">Number of the kind on the wire.</param>
public sealed record UnknownMessage(Envelope Envelope, byte Kind) : RaftMessage(Envelope);

/// <summary>RequestVote (Raft §5.2); with <paramref name="PreVote"/> only a question (thesis §9.6).</summary>
public sealed record VoteRequest(Envelope Envelope, bool PreVote, ulong LastIndex, ulong LastTerm)
    : RaftMessage(Envelope)
{
    /// <summary>The leader itself wants this election, so nobody need stand by it (thesis §3.10, §4.2.3).</summary>
    public bool Transfer { get; init; }
}

/// <summary>Answer to a <see cref="VoteRequest"/>.</summary>
public sealed record VoteReply(Envelope Envelope, bool PreVote, bool Granted) : RaftMessage(Envelope);

/// <summary>AppendEntries (Raft §5.3).</summary>
public sealed record AppendRequest(
    Envelope Envelope, ulong PrevIndex, ulong PrevTerm, ulong Commit, IReadOnlyList<RaftEntry> Entries)
    : RaftMessage(Envelope)
{
    /// <summary>Without this follower there is no quorum: it takes the entries into the reserve of its disk, if it has
    /// to.</summary>
    public bool Needed { get; init; }

    /// <inheritdoc/>
    public override int CostBytes
    {
        get
        {
            var cost = RaftLimits.EntryOverheadBytes;
            for (var i = 0; i < Entries.Count; i++)
                cost += Entries[i].CostBytes;
            return cost;
        }
    }
}

/// <summary>
/// Answer to an <see cref="AppendRequest"/>. It names the request it answers (<paramref name="PrevIndex"/>), so a
/// late one cannot be taken for another. Accepted: everything up to <paramref name="LastIndex"/> is durable here.
/// Rejected: the logs differ, nothing after <paramref name="LastIndex"/> (whose term is
/// <paramref name="HintTerm"/>) can match.
/// </summary>
public sealed record AppendReply(
    Envelope Envelope, ulong PrevIndex, ulong LastIndex, bool Rejected, ulong HintTerm) : RaftMessage(Envelope);

/// <summary>The leader is there. <paramref name="Round"/> lets reads know that they were confirmed after they
/// came.</summary>
public sealed record HeartbeatRequest(Envelope Envelope, ulong Commit, ulong Round) : RaftMessage(Envelope);

/// <summary>Answer to a <see cref="HeartbeatRequest"/> of the same term, or the news of a higher term.</summary>
public sealed record HeartbeatReply(Envelope Envelope, ulong Round) : RaftMessage(Envelope)
{
    /// <summary>The sender takes no entries at the moment: its disk is full.</summary>
    public bool DiskFull { get; init; }
}

/// <summary>A follower asks its leader for a confirmed read index.</summary>
public sealed record ReadRequest(Envelope Envelope, ulong RequestId) : RaftMessage(Envelope);

/// <summary>The leader's answer: reads at <paramref name="Index"/> or later see everything acknowledged
/// before.</summary>
public sealed record ReadReply(Envelope Envelope, ulong RequestId, ulong Index, bool Confirmed)
    : RaftMessage(Envelope);

/// <summary>
/// InstallSnapshot (Raft §7), one piece of it. <paramref name="Transfer"/> numbers the leader's transfers of the term,
/// so that pieces of two files are never mixed.
/// </summary>
public sealed record SnapshotRequest(
    Envelope Envelope, ulong Transfer, SnapshotMark Mark, ulong Offset, ReadOnlyMemory<byte> Data, bool Last)
    : RaftMessage(Envelope)
{
    /// <inheritdoc/>
    public override int CostBytes => RaftLimits.EntryOverheadBytes + Data.Length
        + (Mark.Configuration.Members.Length * RaftLimits.EntryOverheadBytes)
        + (Mark.Configuration.Removed.Length * sizeof(ulong));
}

/// <summary>What a receiver says to a piece of a snapshot.</summary>
public enum SnapshotOutcome : byte
{
    /// <summary>Everything before the offset has come; go on from there.</summary>
    Continue = 0,

    /// <summary>Everything up to the mark is durable here, by this snapshot or without it.</summary>
    Installed = 1,
}

/// <summary>
/// Answer to a <see cref="SnapshotRequest"/>: the transfer it belongs to and the offset that is wanted next (0 when the
/// beginning is missing).
/// </summary>
public sealed record SnapshotReply(
    Envelope Envelope, ulong Transfer, ulong Index, ulong NextOffset, SnapshotOutcome Outcome)
    : RaftMessage(Envelope);

/// <summary>The leader hands its office over: stand for election at once (thesis §3.10).</summary>
public sealed record TimeoutNow(Envelope Envelope) : RaftMessage(Envelope);

/// <summary>
/// Answer to whatever a removed member says: the committed configuration that names it among the removed. It belongs to
/// no term.
/// </summary>
public sealed record RemovedNotice(Envelope Envelope, RaftConfiguration Configuration) : RaftMessage(Envelope);

/// <summary>Hash of the sender's state after the entry at <paramref name="Index"/>. It belongs to no term.</summary>
public sealed record StateHashReport(Envelope Envelope, ulong Index, UInt128 Hash) : RaftMessage(Envelope);
