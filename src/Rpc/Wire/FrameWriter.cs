using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace Swarm.Rpc.Wire;

/// <summary>A gRPC frame: one byte of flags (0: not compressed), four bytes of length, the message.</summary>
internal static class FrameWriter
{
    public const int PrefixBytes = 5;

    /// <summary>The message's size.</summary>
    /// <exception cref="RpcException">ResourceExhausted: the message is larger than the limit.</exception>
    public static int Measure(IMessage message, int maxBytes)
    {
        int size = message.CalculateSize();
        return size <= maxBytes
            ? size
            : throw new RpcException(
                RpcStatusCode.ResourceExhausted,
                $"message {message.Descriptor.Name} of {size} bytes is larger than the limit of {maxBytes} bytes");
    }

    public static void Write(IBufferWriter<byte> output, IMessage message, int maxBytes)
    {
        int size = Measure(message, maxBytes);
        WritePrefix(output.GetSpan(PrefixBytes), size);
        output.Advance(PrefixBytes);
        message.WriteTo(output);
    }

    public static int Write(Span<byte> output, IMessage message, int size)
    {
        WritePrefix(output, size);
        message.WriteTo(output.Slice(PrefixBytes, size));
        return PrefixBytes + size;
    }

    private static void WritePrefix(Span<byte> output, int size)
    {
        output[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(output[1..], (uint)size);
    }
}
