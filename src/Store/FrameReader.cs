using System.Buffers.Binary;

namespace Swarm.Store;

/// <summary>A frame as it stands in a snapshot; good until the next one is read.</summary>
internal readonly ref struct SnapshotFrame
{
    internal StoredKind Kind { get; init; }

    internal long Fact { get; init; }

    internal ReadOnlySpan<byte> Message { get; init; }

    /// <summary>Header and message, what the hash is over.</summary>
    internal ReadOnlySpan<byte> Whole { get; init; }
}

/// <summary>Reads what <see cref="FrameWriter"/> and <see cref="ObjectEncoder"/> wrote, one frame in memory.</summary>
internal sealed class FrameReader(Stream source, byte[] buffer)
{
    private const int MaxVarintBytes = 10;
    private const int FirstFrameBytes = 4 << 10;

    private byte[] _frame = new byte[FirstFrameBytes];
    private int _at;
    private int _end;

    internal uint Fixed32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    internal UInt128 Hash()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    internal ulong Varint()
    {
        Span<byte> bytes = stackalloc byte[MaxVarintBytes];
        return Varint(bytes, out _);
    }

    /// <summary>The next frame; false at the end mark.</summary>
    internal bool TryFrame(int maxBytes, out SnapshotFrame frame)
    {
        Span<byte> header = stackalloc byte[3 * MaxVarintBytes];
        var kind = Varint(header, out var used);
        if (kind == (ulong)StoredKind.End)
        {
            frame = default;
            return false;
        }

        var fact = (long)Varint(header[used..], out var more);
        used += more;
        var size = Varint(header[used..], out more);
        used += more;
        if (size > (ulong)maxBytes)
        {
            throw new InvalidDataException($"an object of a snapshot takes {size} bytes, {maxBytes} is the limit");
        }

        var whole = Room(header[..used], (int)size);
        Fill(whole[used..]);
        frame = new SnapshotFrame { Kind = (StoredKind)kind, Fact = fact, Message = whole[used..], Whole = whole };
        return true;
    }

    private Span<byte> Room(scoped ReadOnlySpan<byte> header, int messageBytes)
    {
        if (_frame.Length < header.Length + messageBytes)
        {
            _frame = new byte[Math.Max(header.Length + messageBytes, _frame.Length * 2)];
        }

        header.CopyTo(_frame);
        return _frame.AsSpan(0, header.Length + messageBytes);
    }

    private ulong Varint(Span<byte> bytes, out int used)
    {
        var value = 0UL;
        for (used = 0; used < MaxVarintBytes; )
        {
            Fill(bytes.Slice(used, 1));
            value |= (ulong)(bytes[used] & 0x7F) << (7 * used);
            if (bytes[used++] < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number in a snapshot is longer than any number is");
    }

    private void Fill(Span<byte> target)
    {
        while (target.Length > 0)
        {
            if (_at == _end)
            {
                (_at, _end) = (0, source.Read(buffer));
                if (_end == 0)
                {
                    throw new InvalidDataException("a snapshot of the cluster's state is cut short");
                }
            }

            var some = Math.Min(target.Length, _end - _at);
            buffer.AsSpan(_at, some).CopyTo(target);
            _at += some;
            target = target[some..];
        }
    }
}
