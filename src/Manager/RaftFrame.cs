using System.Buffers;
using System.Buffers.Binary;
using Swarm.Raft;

namespace Swarm.Manager;

/// <summary>
/// How Raft's messages stand on a connection between two managers: four bytes of length (little-endian), the message.
/// A length of zero says only that the sender lives. One direction a connection: nothing is ever answered on it.
/// </summary>
internal static class RaftFrame
{
    /// <summary>ALPN name of the connection.</summary>
    internal const string Protocol = "swarm-raft/1";

    internal const int PrefixBytes = sizeof(int);

    /// <summary>A sender that has nothing to say says so, in milliseconds.</summary>
    internal const int AliveEveryMs = 5_000;

    /// <summary>A connection on which nothing came for this time is given up, in milliseconds.</summary>
    internal const int SilenceLimitMs = 20_000;

    internal static void Write(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> message)
    {
        var span = output.GetSpan(PrefixBytes + message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span, message.Length);
        message.CopyTo(span[PrefixBytes..]);
        output.Advance(PrefixBytes + message.Length);
    }

    /// <summary>Takes one whole frame from the front; false when there is none yet.</summary>
    /// <exception cref="InvalidDataException">The length is none that a manager sends.</exception>
    internal static bool TryRead(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> message)
    {
        message = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadLittleEndian(out int length))
            return false;
        if (length < 0 || length > RaftLimits.MaxMessageBytes)
        {
            throw new InvalidDataException(
                $"a raft message of {length} bytes was announced, the most is {RaftLimits.MaxMessageBytes}");
        }

        if (buffer.Length < PrefixBytes + length)
            return false;
        message = buffer.Slice(PrefixBytes, length);
        buffer = buffer.Slice(message.End);
        return true;
    }
}
