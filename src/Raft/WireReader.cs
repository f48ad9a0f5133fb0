using System.Buffers.Binary;
using System.Text;

namespace Swarm.Raft;

/// <summary>Strict counterpart of <see cref="WireWriter"/>: whatever does not fit is <see
/// cref="InvalidDataException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly int RemainingBytes => _rest.Length;

    public byte Byte() => Take(1)[0];

    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new InvalidDataException($"a flag is {other}, it may be 0 or 1"),
    };

    /// <summary>A flag that an older writer does not write.</summary>
    public bool BoolOrFalse() => _rest.Length > 0 && Bool();

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public string Text(int maxBytes)
    {
        var span = Take(Count(UInt16(), maxBytes));
        try
        {
            return StrictUtf8.GetString(span);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException("a text is not UTF-8", e);
        }
    }

    public byte[] Bytes(int maxBytes) => Take(Count(UInt32(), maxBytes)).ToArray();

    public readonly int Count(uint count, int max) => count <= max
        ? (int)count
        : throw new InvalidDataException($"a count is {count}, the most is {max}");

    public readonly void End()
    {
        if (_rest.Length != 0)
            throw new InvalidDataException($"{_rest.Length} bytes too many");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
            throw new InvalidDataException($"{count} bytes are needed where {_rest.Length} are left");
        var span = _rest[..count];
        _rest = _rest[count..];
        return span;
    }
}
