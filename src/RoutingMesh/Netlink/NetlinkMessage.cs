using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>Builds one netlink request: header, family header, attributes (nested ones too).</summary>
internal sealed class NetlinkMessage
{
    public const int HeaderBytes = 16;
    public const ushort Request = 1;
    public const ushort Acknowledge = 4;
    public const ushort Dump = 0x300;
    public const ushort Replace = 0x100;
    public const ushort Exclusive = 0x200;
    public const ushort Create = 0x400;

    /// <summary>Bit of an attribute type that marks nesting; the type is the rest.</summary>
    public const ushort NestedBit = 0x8000;
    public const int MaxBytes = 4096;

    private readonly byte[] _bytes = new byte[MaxBytes];
    private int _length = HeaderBytes;

    public NetlinkMessage(ushort type, ushort flags)
    {
        Type = type;
        Flags = flags;
    }

    public ushort Type { get; }

    public ushort Flags { get; }

    /// <summary>Appends a family header as it lies in memory (host byte order, 4-byte aligned).</summary>
    public NetlinkMessage Header<T>(T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(_bytes.AsSpan(_length), in value);
        _length += Aligned(Marshal.SizeOf<T>());
        return this;
    }

    public NetlinkMessage Bytes(ushort type, ReadOnlySpan<byte> value)
    {
        var span = _bytes.AsSpan(_length);
        MemoryMarshal.Write(span, (ushort)(4 + value.Length));
        MemoryMarshal.Write(span[2..], in type);
        value.CopyTo(span[4..]);
        _length += Aligned(4 + value.Length);
        return this;
    }

    public NetlinkMessage Byte(ushort type, byte value) => Bytes(type, [value]);

    public NetlinkMessage Number(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, in value);
        return Bytes(type, bytes);
    }

    /// <summary>A port as the network writes it.</summary>
    public NetlinkMessage Port(ushort type, ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Bytes(type, bytes);
    }

    public NetlinkMessage Address(ushort type, IPAddress address) => Bytes(type, address.GetAddressBytes());

    public NetlinkMessage Text(ushort type, string value) => Bytes(type, Encoding.UTF8.GetBytes(value + "\0"));

    /// <summary>An attribute that contains what <paramref name="content"/> appends.</summary>
    public NetlinkMessage Nested(ushort type, Action<NetlinkMessage> content)
    {
        var start = _length;
        Bytes(type, []);
        content(this);
        MemoryMarshal.Write(_bytes.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    /// <summary>The finished message with its sequence number.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        var span = _bytes.AsSpan();
        MemoryMarshal.Write(span, in _length);
        MemoryMarshal.Write(span[4..], Type);
        MemoryMarshal.Write(span[6..], Flags);
        MemoryMarshal.Write(span[8..], in sequence);
        MemoryMarshal.Write(span[12..], 0u);
        return span[.._length];
    }

    public static int Aligned(int length) => (length + 3) & ~3;
}
