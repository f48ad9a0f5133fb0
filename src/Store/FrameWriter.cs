using System.Buffers.Binary;

namespace Swarm.Store;

/// <summary>Frames of a snapshot and the numbers between them, put into a stream a buffer at a time.</summary>
internal sealed class FrameWriter(Stream target, byte[] buffer)
{
    private const int MaxVarintBytes = 10;

    private int _used;

    internal void Fixed32(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Frame(bytes);
    }

    /// <summary>Seven bits a byte, lowest first.</summary>
    internal void Varint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[MaxVarintBytes];
        var used = 0;
        while (value >= 0x80)
        {
            bytes[used++] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[used++] = (byte)value;
        Frame(bytes[..used]);
    }

    internal void Hash(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, hash);
        Frame(bytes);
    }

    internal void Frame(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var some = Math.Min(bytes.Length, buffer.Length - _used);
            bytes[..some].CopyTo(buffer.AsSpan(_used));
            _used += some;
            bytes = bytes[some..];
            if (_used == buffer.Length)
            {
                Flush();
            }
        }
    }

    internal void Flush()
    {
        target.Write(buffer.AsSpan(0, _used));
        _used = 0;
    }
}
