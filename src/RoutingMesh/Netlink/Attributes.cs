using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>Walks over the attributes of a netlink message; a torn attribute ends the walk.</summary>
internal ref struct Attributes(ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;

    public ushort Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>The attribute with its header, as it can be sent back.</summary>
    public ReadOnlySpan<byte> Whole { get; private set; }

    public readonly uint Number => MemoryMarshal.Read<uint>(Value);

    public readonly uint NetworkNumber => BinaryPrimitives.ReadUInt32BigEndian(Value);

    public readonly ushort NetworkPort => BinaryPrimitives.ReadUInt16BigEndian(Value);

    public readonly string Text => Encoding.UTF8.GetString(Value).TrimEnd('\0');

    public bool Next()
    {
        if (_rest.Length < 4)
            return false;
        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < 4 || length > _rest.Length)
            return false;
        Type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & 0x3fff);
        Whole = _rest[..length];
        Value = _rest[4..length];
        _rest = _rest[Math.Min(NetlinkMessage.Aligned(length), _rest.Length)..];
        return true;
    }

    /// <summary>The value of the first attribute of a type; empty when there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        var walk = new Attributes(attributes);
        while (walk.Next())
        {
            if (walk.Type == type)
                return walk.Value;
        }

        return [];
    }
}
