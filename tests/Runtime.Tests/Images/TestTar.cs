using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Swarm.Runtime.Tests.Images;

/// <summary>Archives by hand, also such as no tool would write.</summary>
internal sealed class TestTar
{
    private readonly ArrayBufferWriter<byte> _out = new();

    internal TestTar File(
        string name, string content = "x", int mode = 0x1A4, long uid = 0, long gid = 0, long mtime = 1000)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        return Header(name, '0', bytes.Length, mode: mode, uid: uid, gid: gid, mtime: mtime).Content(bytes);
    }

    internal TestTar Directory(string name, int mode = 0x1ED, long uid = 0, long gid = 0, long mtime = 1000) =>
        Header(name, '5', 0, mode: mode, uid: uid, gid: gid, mtime: mtime);

    internal TestTar Symlink(string name, string target) => Header(name, '2', 0, target, 0x1FF);

    internal TestTar HardLink(string name, string source) => Header(name, '1', 0, source);

    internal TestTar Node(string name, char type) => Header(name, type, 0);

    internal TestTar Zeros(string name, long size)
    {
        Header(name, '0', size);
        var zeros = new byte[1 << 20];
        for (var left = size + (-size & 511); left > 0; left -= zeros.Length)
        {
            _out.Write(zeros.AsSpan(0, (int)Math.Min(left, zeros.Length)));
        }

        return this;
    }

    internal TestTar Pax(params (string Key, string Value)[] records) =>
        Pax([.. records.Select(r => (r.Key, Encoding.UTF8.GetBytes(r.Value)))]);

    internal TestTar Pax(params (string Key, byte[] Value)[] records)
    {
        var body = new MemoryStream();
        foreach (var (key, value) in records)
        {
            var rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
            var length = rest + rest.ToString().Length;
            length = rest + length.ToString().Length;
            body.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
            body.Write(value);
            body.WriteByte((byte)'\n');
        }

        return Header("pax", 'x', body.Length).Content(body.ToArray());
    }

    /// <summary>Any type with any content.</summary>
    internal TestTar Entry(string name, char type, byte[] content, int mode, long uid, long gid) =>
        Header(name, type, content.Length, mode: mode, uid: uid, gid: gid).Content(content);

    internal TestTar Raw(char type, string name, byte[] content) => Header(name, type, content.Length).Content(content);

    internal TestTar Header(
        string name, char type, long size, string link = "", int mode = 0x1A4, long uid = 0, long gid = 0,
            long mtime = 1000)
    {
        var block = new byte[512];
        Encoding.UTF8.GetBytes(name).AsSpan()[..Math.Min(100, Encoding.UTF8.GetByteCount(name))].CopyTo(block);
        Octal(block, 100, 8, mode);
        Octal(block, 108, 8, uid);
        Octal(block, 116, 8, gid);
        Octal(block, 124, 12, size);
        Octal(block, 136, 12, mtime);
        block[156] = (byte)type;
        Encoding.UTF8.GetBytes(link).AsSpan()[..Math.Min(100, Encoding.UTF8.GetByteCount(link))]
            .CopyTo(block.AsSpan(157));
        "ustar\0"u8.CopyTo(block.AsSpan(257));
        "00"u8.CopyTo(block.AsSpan(263));
        block.AsSpan(148, 8).Fill((byte)' ');
        Octal(block, 148, 7, block.Sum(b => (long)b));
        _out.Write(block);
        return this;
    }

    /// <summary>The whole archive with its end.</summary>
    internal byte[] Bytes() => [.. _out.WrittenSpan, .. new byte[1024]];

    internal byte[] WithoutEnd() => _out.WrittenSpan.ToArray();

    internal static byte[] Gzip(byte[] tar)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
        {
            gzip.Write(tar);
        }

        return compressed.ToArray();
    }

    private TestTar Content(byte[] bytes)
    {
        _out.Write(bytes);
        _out.Write(new byte[-bytes.Length & 511]);
        return this;
    }

    private static void Octal(byte[] block, int offset, int length, long value)
    {
        var digits = Convert.ToString(value, 8);
        if (value < 0 || digits.Length >= length)
        {
            block.AsSpan(offset, length).Fill((byte)(value < 0 ? 0xFF : 0));
            block[offset] = (byte)(value < 0 ? 0xFF : 0x80);
            if (length > 8)
                BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(offset + length - 8, 8), value);
            else
                BinaryPrimitives.WriteInt32BigEndian(block.AsSpan(offset + length - 4, 4), (int)value);
            return;
        }

        Encoding.ASCII.GetBytes(digits.PadLeft(length - 1, '0')).CopyTo(block, offset);
        block[offset + length - 1] = 0;
    }
}
