namespace Swarm.Raft;

/// <summary>
/// Messages as bytes, one after the other in the same memory: whoever sends thousands a second makes no garbage of a
/// megabyte each time. Belongs to one thread at a time.
/// </summary>
public sealed class RaftMessageWriter
{
    /// <summary>What is kept from one message to the next, in bytes; a longer one has its own memory.</summary>
    private const int MaxKeptBytes = 256 * 1024;

    private WireWriter? _writer;

    /// <summary>The bytes of a message, at most <see cref="RaftLimits.MaxMessageBytes"/>; good until the next call.
    /// </summary>
    public ReadOnlySpan<byte> Write(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_writer is null || _writer.CapacityBytes > MaxKeptBytes)
            _writer = new WireWriter(message.CostBytes + RaftLimits.MaxNameBytes);
        _writer.Clear();
        RaftMessageCodec.Write(_writer, message);
        return _writer.Written;
    }
}
