namespace Swarm.Raft;

/// <summary>What follows the envelope, kind by kind. Fields are only ever added at the end.</summary>
internal static class MessageBodies
{
    public static void Write(WireWriter w, RaftMessage message)
    {
        switch (message)
        {
            case VoteRequest m:
                w.Bool(m.PreVote);
                w.UInt64(m.LastIndex);
                w.UInt64(m.LastTerm);
                w.Bool(m.Transfer);
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
                w.Bool(m.DiskFull);
                break;
            default:
                WriteRare(w, message);
                break;
        }
    }

    public static RaftMessage Read(ref WireReader r, RaftMessageCodec.Kind kind, Envelope e) => kind switch
    {
        RaftMessageCodec.Kind.VoteRequest =>
            new VoteRequest(e, r.Bool(), r.UInt64(), r.UInt64()) { Transfer = r.BoolOrFalse() },
        RaftMessageCodec.Kind.VoteReply => new VoteReply(e, r.Bool(), r.Bool()),
        RaftMessageCodec.Kind.AppendRequest => ReadAppend(ref r, e),
        RaftMessageCodec.Kind.AppendReply => new AppendReply(e, r.UInt64(), r.UInt64(), r.Bool(), r.UInt64()),
        RaftMessageCodec.Kind.HeartbeatRequest => new HeartbeatRequest(e, r.UInt64(), r.UInt64()),
        RaftMessageCodec.Kind.HeartbeatReply => new HeartbeatReply(e, r.UInt64()) { DiskFull = r.BoolOrFalse() },
        RaftMessageCodec.Kind.ReadRequest => new ReadRequest(e, r.UInt64()),
        RaftMessageCodec.Kind.ReadReply => new ReadReply(e, r.UInt64(), r.UInt64(), r.Bool()),
        RaftMessageCodec.Kind.SnapshotRequest => ReadSnapshot(ref r, e),
        RaftMessageCodec.Kind.SnapshotReply => new SnapshotReply(
            e, r.UInt64(), r.UInt64(), r.UInt64(), r.Bool() ? SnapshotOutcome.Installed : SnapshotOutcome.Continue),
        RaftMessageCodec.Kind.TimeoutNow => new TimeoutNow(e),
        RaftMessageCodec.Kind.RemovedNotice => new RemovedNotice(e, ReadConfiguration(ref r)),
        RaftMessageCodec.Kind.StateHashReport =>
            new StateHashReport(e, r.UInt64(), new UInt128(r.UInt64(), r.UInt64())),
        _ => new UnknownMessage(e, (byte)kind),
    };

    private static void WriteRare(WireWriter w, RaftMessage message)
    {
        switch (message)
        {
            case ReadRequest m:
                w.UInt64(m.RequestId);
                break;
            case ReadReply m:
                w.UInt64(m.RequestId);
                w.UInt64(m.Index);
                w.Bool(m.Confirmed);
                break;
            case SnapshotRequest m:
                WriteSnapshot(w, m);
                break;
            case SnapshotReply m:
                w.UInt64(m.Transfer);
                w.UInt64(m.Index);
                w.UInt64(m.NextOffset);
                w.Bool(m.Outcome == SnapshotOutcome.Installed);
                break;
            case RemovedNotice m:
                w.Bytes(m.Configuration.Encode());
                break;
            case StateHashReport m:
                w.UInt64(m.Index);
                w.UInt64((ulong)(m.Hash >> 64));
                w.UInt64((ulong)m.Hash);
                break;
        }
    }

    private static void WriteAppend(WireWriter w, AppendRequest m)
    {
        w.UInt64(m.PrevIndex);
        w.UInt64(m.PrevTerm);
        w.UInt64(m.Commit);
        w.UInt32((uint)m.Entries.Count);
        for (var i = 0; i < m.Entries.Count; i++)
        {
            w.UInt64(m.Entries[i].Term);
            w.Byte((byte)m.Entries[i].Type);
            w.Bytes(m.Entries[i].Data.Span);
        }
        w.Bool(m.Needed);
    }

    /// <summary>Indexes are not sent: an append is contiguous from its previous index by construction.</summary>
    private static AppendRequest ReadAppend(ref WireReader r, Envelope e)
    {
        var prevIndex = ReadIndex(ref r);
        var prevTerm = r.UInt64();
        var commit = r.UInt64();
        var entries = new RaftEntry[r.Count(r.UInt32(), RaftLimits.MaxAppendEntries)];
        for (var i = 0; i < entries.Length; i++)
        {
            var term = r.UInt64();
            var type = (EntryType)r.Byte();
            if (type > EntryType.NoOp)
                throw new InvalidDataException($"entry type {(byte)type} is not known");
            entries[i] = new(prevIndex + 1 + (ulong)i, term, type, r.Bytes(RaftLimits.MaxEntryBytes));
        }
        return new AppendRequest(e, prevIndex, prevTerm, commit, entries) { Needed = r.BoolOrFalse() };
    }

    private static void WriteSnapshot(WireWriter w, SnapshotRequest m)
    {
        w.UInt64(m.Transfer);
        w.UInt64(m.Mark.Index);
        w.UInt64(m.Mark.Term);
        w.Bytes(m.Mark.Configuration.Encode());
        w.UInt64(m.Offset);
        w.Bool(m.Last);
        w.Bytes(m.Data.Span);
    }

    private static SnapshotRequest ReadSnapshot(ref WireReader r, Envelope e)
    {
        var transfer = r.UInt64();
        var mark = new SnapshotMark(ReadIndex(ref r), r.UInt64(), ReadConfiguration(ref r));
        var offset = r.UInt64();
        var last = r.Bool();
        return new SnapshotRequest(e, transfer, mark, offset, r.Bytes(RaftLimits.MaxSnapshotChunkBytes), last);
    }

    private static ulong ReadIndex(ref WireReader r)
    {
        var index = r.UInt64();
        return index <= RaftLimits.MaxIndex ? index : throw new InvalidDataException($"index {index} is out of range");
    }

    private static RaftConfiguration ReadConfiguration(ref WireReader r) =>
        RaftConfiguration.Decode(r.Bytes(RaftLimits.MaxEntryBytes));
}
