using System.Buffers;

namespace Swarm.Store;

/// <summary>
/// A whole state as bytes: a header, one frame an object, sorted by kind and id so that equal states have equal
/// bytes, and an end that holds the number and the hash of the frames. Written and read as a stream: of the encoded
/// form there is never more in memory than one object and a buffer.
/// </summary>
/// <remarks>
/// Form 1 began with another word and ended without number and hash; it is read, and written as long as some manager
/// reads nothing newer.
/// </remarks>
public static class SnapshotCodec
{
    /// <summary>One object; a service keeps every spec that its tasks still use.</summary>
    public const int MaxFrameBytes = 64 << 20;

    internal const uint FirstMagic = 0x53_57_53_31;
    internal const uint Magic = 0x53_57_53_53;

    private const int BufferBytes = 64 << 10;

    /// <summary>Writes a state, from any thread, in the form that all managers of it understand.</summary>
    public static void Write(ClusterState state, Stream target)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            Write(state, new FrameWriter(target, buffer));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a state to its end; what follows in the stream is left alone only as far as it was not
    /// buffered.</summary>
    /// <exception cref="InvalidDataException">This is no whole snapshot that this program knows.</exception>
    public static ClusterState Read(Stream source)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            return Read(new FrameReader(source, buffer));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>As <see cref="Write"/>, in memory.</summary>
    public static byte[] Encode(ClusterState state)
    {
        using var buffer = new MemoryStream();
        Write(state, buffer);
        return buffer.ToArray();
    }

    /// <summary>As <see cref="Read"/>, from memory.</summary>
    /// <exception cref="InvalidDataException">These bytes are no whole snapshot that this program knows.</exception>
    public static ClusterState Decode(byte[] bytes)
    {
        using var buffer = new MemoryStream(bytes);
        return Read(buffer);
    }

    private static void Write(ClusterState state, FrameWriter output)
    {
        if (state.Format == StoreFormat.First)
        {
            output.Fixed32(FirstMagic);
        }
        else
        {
            output.Fixed32(Magic);
            output.Varint(state.Format);
        }

        output.Varint(state.LastIndex);
        var encoder = new ObjectEncoder();
        var (count, hash) = (0UL, UInt128.Zero);
        foreach (var stored in StoredObject.AllOf(state))
        {
            var frame = encoder.Frame(stored);
            output.Frame(frame);
            (count, hash) = (count + 1, unchecked(hash + StateHash.OfFrame(frame)));
        }

        output.Varint((ulong)StoredKind.End);
        if (state.Format > StoreFormat.First)
        {
            output.Varint(count);
            output.Hash(hash);
        }

        output.Flush();
    }

    private static ClusterState Read(FrameReader input)
    {
        var format = Format(input);
        var parts = new StateParts { LastIndex = input.Varint() };
        var (count, hash) = (0UL, UInt128.Zero);
        while (input.TryFrame(MaxFrameBytes, out var frame))
        {
            parts.Add(frame.Kind, frame.Fact, frame.Message);
            (count, hash) = (count + 1, unchecked(hash + StateHash.OfFrame(frame.Whole)));
        }

        if (format > StoreFormat.First && (input.Varint() != count || input.Hash() != hash))
        {
            throw new InvalidDataException("a snapshot of the cluster's state is damaged: its hash does not fit");
        }

        return parts.Build();
    }

    private static uint Format(FrameReader input)
    {
        var magic = input.Fixed32();
        if (magic == FirstMagic)
        {
            return StoreFormat.First;
        }

        if (magic != Magic)
        {
            throw new InvalidDataException("this is no snapshot of the cluster's state");
        }

        var format = input.Varint();
        return format is > StoreFormat.First and <= StoreFormat.Newest
            ? (uint)format
            : throw new InvalidDataException(
                $"a snapshot of the cluster's state has format {format}, this program knows {StoreFormat.First} to "
                + $"{StoreFormat.Newest}; use the newer program");
    }
}
