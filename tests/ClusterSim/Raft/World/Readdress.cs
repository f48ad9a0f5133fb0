using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>The same message with another envelope.</summary>
internal static class Readdress
{
    /// <summary>Format and kind of the message.</summary>
    private const int FixedBytes = 2;

    public static RaftMessage With(RaftMessage message, Envelope envelope)
    {
        var bytes = RaftMessageCodec.Encode(message);
        var body = bytes.AsSpan(FixedBytes + Header(message.Envelope).Length);
        return RaftMessageCodec.Decode((byte[])[.. bytes.AsSpan(0, FixedBytes), .. Header(envelope), .. body]);
    }

    private static byte[] Header(Envelope e)
    {
        var writer = new WireWriter();
        writer.Text(e.ClusterId);
        writer.UInt64(e.From.Value);
        writer.UInt64(e.To.Value);
        writer.UInt64(e.Term);
        writer.Text(e.FromAddress);
        return writer.ToArray();
    }
}
