using System.Globalization;
using System.Text;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Containers;

/// <summary>Writes tar archives (ustar; PAX where a value does not fit). Names are bytes, as in the kernel.</summary>
internal sealed class CopyTar(Stream stream, IdRange? range)
{
    private const int NameBytes = 100;
    private const long MaxOctalId = 0x1FFFFF;
    private const long MaxOctalSize = 0x1_FFFF_FFFF;
    private static readonly byte[] s_zeros = new byte[TarBlock.Bytes * 2];

    internal void WriteEntry(byte type, byte[] name, byte[] link, FileFacts facts, long size)
    {
        if (range is not null)
            facts = facts with { Uid = range.Inside(facts.Uid), Gid = range.Inside(facts.Gid) };
        WritePax(name, link, facts, size);
        WriteHeader(type, name, link, facts, size);
    }

    /// <summary>The content of the entry that was written last, a piece.</summary>
    internal void WriteContent(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

    /// <summary>After the content, up to the next block.</summary>
    internal void Pad(long size) => stream.Write(s_zeros.AsSpan(0, (int)(-size & (TarBlock.Bytes - 1))));

    internal void Finish()
    {
        stream.Write(s_zeros);
        stream.Flush();
    }

    private void WritePax(byte[] name, byte[] link, FileFacts facts, long size)
    {
        using var records = new MemoryStream();
        if (name.Length > NameBytes || !Ascii.IsValid(name))
            Record(records, "path", name);
        if (link.Length > NameBytes || !Ascii.IsValid(link))
            Record(records, "linkpath", link);
        if (size > MaxOctalSize)
            Record(records, "size", Decimal(size));
        if (facts.Uid > MaxOctalId)
            Record(records, "uid", Decimal(facts.Uid));
        if (facts.Gid > MaxOctalId)
            Record(records, "gid", Decimal(facts.Gid));
        if (records.Length == 0)
            return;
        WriteHeader((byte)'x', "pax"u8.ToArray(), [], facts with { Mode = 0x180 }, records.Length);
        stream.Write(records.GetBuffer().AsSpan(0, (int)records.Length));
        Pad(records.Length);
    }

    private static void Record(MemoryStream records, string key, byte[] value)
    {
        // The length counts itself.
        var rest = key.Length + value.Length + 3;
        var length = rest + 1;
        while (rest + Decimal(length).Length != length)
            length++;
        records.Write(Decimal(length));
        records.Write(Encoding.ASCII.GetBytes($" {key}="));
        records.Write(value);
        records.WriteByte((byte)'\n');
    }

    private void WriteHeader(byte type, byte[] name, byte[] link, FileFacts facts, long size)
    {
        Span<byte> block = stackalloc byte[TarBlock.Bytes];
        block.Clear();
        name.AsSpan(0, Math.Min(name.Length, NameBytes)).CopyTo(block);
        Octal(block.Slice(100, 8), facts.Mode & FileFacts.PermissionMask);
        Octal(block.Slice(108, 8), Math.Min(facts.Uid, MaxOctalId));
        Octal(block.Slice(116, 8), Math.Min(facts.Gid, MaxOctalId));
        Octal(block.Slice(124, 12), Math.Min(size, MaxOctalSize));
        Octal(block.Slice(136, 12), Math.Clamp(facts.MtimeSeconds, 0, MaxOctalSize));
        block[156] = type;
        link.AsSpan(0, Math.Min(link.Length, NameBytes)).CopyTo(block[157..]);
        "ustar\0"u8.CopyTo(block[257..]);
        "00"u8.CopyTo(block[263..]);
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0L;
        foreach (var b in block)
            sum += b;
        Octal(block.Slice(148, 7), sum);
        stream.Write(block);
    }

    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--, value >>= 3)
            field[i] = (byte)('0' + (value & 7));
        field[^1] = 0;
    }

    private static byte[] Decimal(long number) =>
        Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
