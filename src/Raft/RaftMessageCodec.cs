namespace Swarm.Raft;

/// <summary>Messages as bytes, for whatever transport carries them.</summary>
public static class RaftMessageCodec
{
    private const byte FormatVersion = 1;

    private enum Kind : byte
    {
        VoteRequest = 1,
        VoteReply = 2,
        AppendRequest = 3,
        AppendReply = 4,
        HeartbeatRequest = 5,
        HeartbeatReply = 6,
        ReadRequest = 7,
        ReadReply = 8,
    }

    /// <summary>The bytes of a message, at most <see cref="RaftLimits.MaxMessageBytes"/>.</summary>
    public static byte[] Encode(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new WireWriter(message.CostBytes + RaftLimits.MaxNameBytes);
        w.Byte(FormatVersion);
        w.Byte((byte)KindOf(message));
        var e = message.Envelope;
        w.Text(e.ClusterId);
        w.UInt64(e.From.Value);
        w.UInt64(e.To.Value);
        w.UInt64(e.Term);
        w.Text(e.FromAddress);
        WriteBody(w, message);
        return w.ToArray();
    }

    /// <summary>Reads <see cref="Encode"/>'s bytes; nothing of the result refers to <paramref name="bytes"/>.</summary>
    /// <exception cref="InvalidDataException">Not a message of this format, or out of bounds.</exception>
    public static RaftMessage Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > RaftLimits.MaxMessageBytes)
            throw new InvalidDataException(
                $"raft message has {bytes.Length} bytes, the most is {RaftLimits.MaxMessageBytes}");
        var r = new WireReader(bytes.Span);
        var version = r.Byte();
        if (version != FormatVersion)
            throw new InvalidDataException($"raft message format {version} is not known (this is {FormatVersion})");
        var kind = (Kind)r.Byte();
        var cluster = r.Text(RaftLimits.MaxNameBytes);
        var from = new RaftId(r.UInt64());
        var to = new RaftId(r.UInt64());
        var term = r.UInt64();
        var envelope = new Envelope(cluster, from, to, term, r.Text(RaftLimits.MaxAddressBytes));
        var message = ReadBody(ref r, kind, envelope);
        r.End();
        return message;
    }

    private static Kind KindOf(RaftMessage message) => message switch
    {
        VoteRequest => Kind.VoteRequest,
        VoteReply => Kind.VoteReply,
        AppendRequest => Kind.AppendRequest,
        AppendReply => Kind.AppendReply,
        HeartbeatRequest => Kind.HeartbeatRequest,
        HeartbeatReply => Kind.HeartbeatReply,
        ReadRequest => Kind.ReadRequest,
        ReadReply => Kind.ReadReply,
        _ => throw new ArgumentException($"no encoding for {message.GetType().Name}", nameof(message)),
    };

    private static void WriteBody(WireWriter w, RaftMessage message)
    {
        switch (message)
        {
            case VoteRequest m:
                w.Bool(m.PreVote);
                w.UInt64(m.LastIndex);
                w.UInt64(m.LastTerm);
                break;
            case VoteReply m:
                w.Bool(m.PreVote);
                w.Bool(m.Granted);
                break;
            case AppendRequest m:
                WriteAppend(w, m);
                break;
            case AppendReply m:
                w.UInt64(m.PrevIndex);
                w.UInt64(m.LastIndex);
                w.Bool(m.Rejected);
                w.UInt64(m.HintTerm);
                break;
            case HeartbeatRequest m:
                w.UInt64(m.Commit);
                w.UInt64(m.Round);
                break;
            case HeartbeatReply m:
                w.UInt64(m.Round);
                break;
            case ReadRequest m:
                w.UInt64(m.RequestId);
                break;
            case ReadReply m:
                w.UInt64(m.RequestId);
                w.UInt64(m.Index);
                w.Bool(m.Confirmed);
                break;
        }
    }

    private static RaftMessage ReadBody(ref WireReader r, Kind kind, Envelope e) => kind switch
    {
        Kind.VoteRequest => new VoteRequest(e, r.Bool(), r.UInt64(), r.UInt64()),
        Kind.VoteReply => new VoteReply(e, r.Bool(), r.Bool()),
        Kind.AppendRequest => ReadAppend(ref r, e),
        Kind.AppendReply => new AppendReply(e, r.UInt64(), r.UInt64(), r.Bool(), r.UInt64()),
        Kind.HeartbeatRequest => new HeartbeatRequest(e, r.UInt64(), r.UInt64()),
        Kind.HeartbeatReply => new HeartbeatReply(e, r.UInt64()),
        Kind.ReadRequest => new ReadRequest(e, r.UInt64()),
        Kind.ReadReply => new ReadReply(e, r.UInt64(), r.UInt64(), r.Bool()),
        _ => throw new InvalidDataException($"raft message kind {(byte)kind} is not known"),
    };

    private static void WriteAppend(WireWriter w, AppendRequest m)
    {
        w.UInt64(m.PrevIndex);
        w.UInt64(m.PrevTerm);
        w.UInt64(m.Commit);
        w.UInt32((uint)m.Entries.Count);
        foreach (var entry in m.Entries)
        {
            w.UInt64(entry.Term);
            w.Byte((byte)entry.Type);
            w.Bytes(entry.Data.Span);
        }
    }

    /// <summary>Indexes are not sent: an append is contiguous from its previous index by construction.</summary>
    private static AppendRequest ReadAppend(ref WireReader r, Envelope e)
    {
        var prevIndex = r.UInt64();
        var prevTerm = r.UInt64();
        var commit = r.UInt64();
        if (prevIndex > RaftLimits.MaxIndex)
            throw new InvalidDataException($"previous index {prevIndex} is out of range");
        var entries = new RaftEntry[r.Count(r.UInt32(), RaftLimits.MaxAppendEntries)];
        for (var i = 0; i < entries.Length; i++)
        {
            var term = r.UInt64();
            var type = (EntryType)r.Byte();
            if (type > EntryType.NoOp)
                throw new InvalidDataException($"entry type {(byte)type} is not known");
            entries[i] = new(prevIndex + 1 + (ulong)i, term, type, r.Bytes(RaftLimits.MaxEntryBytes));
        }
        return new AppendRequest(e, prevIndex, prevTerm, commit, entries);
    }
}
