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

/// <summary>RequestVote (Raft §5.2); with <paramref name="PreVote"/> only a question (thesis §9.6).</summary>
public sealed record VoteRequest(Envelope Envelope, bool PreVote, ulong LastIndex, ulong LastTerm)
    : RaftMessage(Envelope);

/// <summary>Answer to a <see cref="VoteRequest"/>.</summary>
public sealed record VoteReply(Envelope Envelope, bool PreVote, bool Granted) : RaftMessage(Envelope);

/// <summary>AppendEntries (Raft §5.3).</summary>
public sealed record AppendRequest(
    Envelope Envelope, ulong PrevIndex, ulong PrevTerm, ulong Commit, IReadOnlyList<RaftEntry> Entries)
    : RaftMessage(Envelope)
{
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
public sealed record HeartbeatReply(Envelope Envelope, ulong Round) : RaftMessage(Envelope);

/// <summary>A follower asks its leader for a confirmed read index.</summary>
public sealed record ReadRequest(Envelope Envelope, ulong RequestId) : RaftMessage(Envelope);

/// <summary>The leader's answer: reads at <paramref name="Index"/> or later see everything acknowledged
/// before.</summary>
public sealed record ReadReply(Envelope Envelope, ulong RequestId, ulong Index, bool Confirmed)
    : RaftMessage(Envelope);
