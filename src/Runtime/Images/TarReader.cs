namespace Swarm.Runtime.Images;

/// <summary>
/// Reads tar archives (V7, ustar, PAX, GNU long names) one entry at a time in bounded memory. Names and attribute
/// values stay bytes: System.Formats.Tar decodes them as UTF-8, which loses file capabilities and names in other
/// encodings.
/// </summary>
internal sealed class TarReader(Stream stream)
{
    private readonly byte[] _block = new byte[TarBlock.Bytes];
    private long _left;
    private long _padding;

    /// <summary>The next entry, or null at the end of the archive. Unread content is skipped.</summary>
    internal TarEntry? Next()
    {
        Skip(_left + _padding);
        _left = _padding = 0;
        PaxRecords? pax = null;
        byte[]? longName = null;
        byte[]? longLink = null;
        while (ReadBlock())
        {
            var block = new TarBlock(_block);
            if (block.IsZero)
                return null;
            block.CheckSum();
            switch (block.Type)
            {
                case (byte)'x':
                    pax = PaxRecords.Parse(ReadExtension(block.Size));
                    break;
                case (byte)'g':
                    // Comments of archivers (git writes one); Docker ignores it as well.
                    ReadExtension(block.Size);
                    break;
                case (byte)'L':
                    longName = UntilZero(ReadExtension(block.Size));
                    break;
                case (byte)'K':
                    longLink = UntilZero(ReadExtension(block.Size));
                    break;
                default:
                    return Entry(block, pax, longName, longLink);
            }
        }

        return null;
    }

    /// <summary>Next bytes of the current file's content; 0 at its end.</summary>
    internal int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, _left);
        if (wanted == 0)
            return 0;
        var n = stream.Read(buffer[..wanted]);
        _left -= n > 0 ? n : throw Truncated();
        return n;
    }

    private TarEntry Entry(TarBlock block, PaxRecords? pax, byte[]? longName, byte[]? longLink)
    {
        var name = pax?.Bytes("path") ?? longName ?? block.Name;
        var kind = Kind(block.Type, name);
        var size = pax?.Number("size") ?? block.Size;
        if (size < 0)
            throw ImageException.Invalid("layer has an entry of negative size");
        // As everywhere, only files have content, whatever the size of a link or directory says.
        _left = kind == TarKind.File ? size : 0;
        _padding = Padding(_left);
        var time = pax?.Time("mtime") ?? (block.Mtime, 0);
        return new TarEntry
        {
            Kind = kind,
            Name = name,
            LinkName = pax?.Bytes("linkpath") ?? longLink ?? block.LinkName,
            Mode = (uint)block.Mode & FileFacts.PermissionMask,
            Uid = Owner(pax?.Number("uid") ?? block.Uid, "uid"),
            Gid = Owner(pax?.Number("gid") ?? block.Gid, "gid"),
            Size = _left,
            MtimeSeconds = time.Item1,
            MtimeNanoseconds = time.Item2,
            Attributes = pax is null ? [] : [.. pax.Attributes],
        };
    }

    private static TarKind Kind(byte type, byte[] name) => type switch
    {
        0 or (byte)'0' or (byte)'7' => name is [.., (byte)'/'] ? TarKind.Directory : TarKind.File,
        (byte)'1' => TarKind.HardLink,
        (byte)'2' => TarKind.Symlink,
        (byte)'3' or (byte)'4' => TarKind.Device,
        (byte)'5' => TarKind.Directory,
        (byte)'6' => TarKind.Fifo,
        (byte)'S' => throw ImageException.Invalid(
            "layer has a sparse file, which is not supported; build it without --sparse"),
        _ => throw ImageException.Invalid($"layer has an entry of unknown type 0x{type:x2}"),
    };

    // 2^32-1 means "leave as it is" to chown.
    private static uint Owner(long id, string what) => id is >= 0 and < uint.MaxValue
        ? (uint)id
        : throw ImageException.Invalid($"layer has an entry whose {what} {id} is out of range");

    private byte[] ReadExtension(long size)
    {
        if (size is < 0 or > LayerLimits.MaxExtendedHeaderBytes)
            throw ImageException.TooLarge(
                $"layer has an extended header of {size} bytes; at most {LayerLimits.MaxExtendedHeaderBytes} are read");
        var content = new byte[size];
        if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length)
            throw Truncated();
        Skip(Padding(size));
        return content;
    }

    private bool ReadBlock() => stream.ReadAtLeast(_block, _block.Length, throwOnEndOfStream: false) switch
    {
        0 => false,
        TarBlock.Bytes => true,
        _ => throw Truncated(),
    };

    private void Skip(long count)
    {
        Span<byte> waste = stackalloc byte[4096];
        while (count > 0)
        {
            var n = stream.Read(waste[..(int)Math.Min(waste.Length, count)]);
            count -= n > 0 ? n : throw Truncated();
        }
    }

    private static long Padding(long size) => -size & (TarBlock.Bytes - 1);

    private static byte[] UntilZero(byte[] text) =>
        text.AsSpan().IndexOf((byte)0) is >= 0 and var end ? text[..end] : text;

    private static ImageException Truncated() =>
        ImageException.Corrupt("layer is truncated: the archive ends within an entry");
}
