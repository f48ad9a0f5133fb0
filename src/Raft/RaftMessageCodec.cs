namespace Swarm.Raft;

/// <summary>
/// Messages as bytes, for whatever transport carries them. Members of different versions understand each other:
/// newer kinds are <see cref="UnknownMessage"/>, and newer fields, which only come at the end, are not looked at.
/// </summary>
public static class RaftMessageCodec
{
    private const byte FormatVersion = 1;

    internal enum Kind : byte
    {
        VoteRequest = 1,
        VoteReply = 2,
        AppendRequest = 3,
        AppendReply = 4,
        HeartbeatRequest = 5,
        HeartbeatReply = 6,
        ReadRequest = 7,
        ReadReply = 8,
        SnapshotRequest = 9,
        SnapshotReply = 10,
        TimeoutNow = 11,
        RemovedNotice = 12,
        StateHashReport = 13,
    }

    /// <summary>The bytes of a message, at most <see cref="RaftLimits.MaxMessageBytes"/>.</summary>
    public static byte[] Encode(RaftMessage message)
    {
        var writer = new RaftMessageWriter();
        return writer.Write(message).ToArray();
    }

    internal static void Write(WireWriter w, RaftMessage message)
    {
        w.Byte(FormatVersion);
        w.Byte((byte)KindOf(message));
        var e = message.Envelope;
        w.Text(e.ClusterId);
        w.UInt64(e.From.Value);
        w.UInt64(e.To.Value);
        w.UInt64(e.Term);
        w.Text(e.FromAddress);
        MessageBodies.Write(w, message);
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
        return MessageBodies.Read(ref r, kind, envelope);
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
        SnapshotRequest => Kind.SnapshotRequest,
        SnapshotReply => Kind.SnapshotReply,
        TimeoutNow => Kind.TimeoutNow,
        RemovedNotice => Kind.RemovedNotice,
        StateHashReport => Kind.StateHashReport,
        _ => throw new ArgumentException($"no encoding for {message.GetType().Name}", nameof(message)),
    };
}
