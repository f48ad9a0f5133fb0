namespace Swarm.Runtime.Images;

/// <summary>The fields of one 512-byte tar header: V7, ustar and GNU forms.</summary>
internal readonly ref struct TarBlock(ReadOnlySpan<byte> block)
{
    internal const int Bytes = 512;
    private const int ChecksumOffset = 148;
    private const int ChecksumBytes = 8;
    private readonly ReadOnlySpan<byte> _block = block;

    internal bool IsZero => !_block.ContainsAnyExcept((byte)0);

    internal byte Type => _block[156];

    internal byte[] LinkName => Text(157, 100).ToArray();

    internal long Mode => Number(100, 8, "mode");

    internal long Uid => Number(108, 8, "uid");

    internal long Gid => Number(116, 8, "gid");

    internal long Size => Number(124, 12, "size");

    internal long Mtime => Number(136, 12, "mtime");

    /// <summary>Name, with the prefix of the POSIX form (GNU keeps other things there).</summary>
    internal byte[] Name
    {
        get
        {
            var name = Text(0, 100);
            var prefix = _block[257..263].SequenceEqual("ustar\0"u8) ? Text(345, 155) : [];
            return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
        }
    }

    /// <exception cref="ImageException">The sum over the header is wrong: this is no tar archive or a damaged
    /// one.</exception>
    internal void CheckSum()
    {
        long sum = ' ' * ChecksumBytes;
        for (var i = 0; i < Bytes; i++)
        {
            sum += i is >= ChecksumOffset and < ChecksumOffset + ChecksumBytes ? 0 : _block[i];
        }

        if (Number(ChecksumOffset, ChecksumBytes, "checksum") != sum)
            throw ImageException.Invalid("layer is not a tar archive, or damaged: the checksum of a header is wrong");
    }

    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        var field = _block.Slice(offset, length);
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>Octal digits, or big-endian binary when the top bit is set (GNU and star).</summary>
    private long Number(int offset, int length, string what)
    {
        var field = _block.Slice(offset, length);
        if ((field[0] & 0x80) != 0)
            return Binary(field, what);
        var text = field.Trim(" \0"u8);
        long value = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'7')
                throw ImageException.Invalid($"layer has a header whose {what} is not an octal number");
            value = (value << 3) + (digit - '0');
        }

        return value;
    }

    /// <summary>Two's complement over the whole field without its top bit.</summary>
    private static long Binary(ReadOnlySpan<byte> field, string what)
    {
        var invert = (field[0] & 0x40) != 0 ? (byte)0xFF : (byte)0;
        long value = 0;
        for (var i = 0; i < field.Length; i++)
        {
            var digits = (byte)(field[i] ^ invert) & (i == 0 ? 0x7F : 0xFF);
            if (value >> 55 != 0)
                throw ImageException.Invalid($"layer has a header whose {what} is out of range");
            value = (value << 8) | (uint)digits;
        }

        return invert == 0 ? value : ~value;
    }
}
