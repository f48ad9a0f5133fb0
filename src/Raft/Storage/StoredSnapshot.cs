using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>A snapshot file that is durable and was checked.</summary>
internal sealed record StoredSnapshot(string Path, SnapshotMark Mark, SnapshotHeader Header, uint Seed)
{
    /// <summary>Bytes of the state, after <see cref="PrefixBytes"/>.</summary>
    public required long LengthBytes { get; init; }

    /// <summary>Bytes before the state: the configuration and its length.</summary>
    public required int PrefixBytes { get; init; }

    public long DataBytes => PrefixBytes + LengthBytes;

    /// <summary>Reads a file whole and checks everything in it.</summary>
    /// <exception cref="StorageCorruptException">It is damaged.</exception>
    /// <exception cref="StorageRefusedException">It belongs to another member, or its key is not here.</exception>
    public static StoredSnapshot Check(
        StorageOptions options, KeyRing keys, string path, (ulong Index, ulong Term) named)
    {
        using var file = options.Disk.Open(path);
        if (file.LengthBytes < SnapshotBlocks.FileBytes(0))
            throw new StorageCorruptException(path, file.LengthBytes, "the file ends in its header");
        Span<byte> first = stackalloc byte[SnapshotHeader.LengthBytes];
        file.Read(0, first);
        var header = SnapshotHeader.Read(path, first);
        options.RequireOwn(path, header.ClusterId, header.Id);
        if ((header.Index, header.Term) != named)
            throw new StorageCorruptException(
                path, 0, $"this is the snapshot of entry {header.Index} of term {header.Term} under another name");
        var cipher = keys.ToRead(path, header.KeyId, header.Salt, header.Purpose);
        if (cipher is not null && !SnapshotHeader.IsSealedBy(first, cipher))
            throw KeyRing.Wrong(path, header.KeyId);
        using var blocks = new SnapshotBlocks(SnapshotHeader.CrcOf(first), cipher);
        var dataBytes = CheckBlocks(path, file, blocks, SnapshotHeader.CrcOf(first));
        using var data = new SnapshotData(path, file, SnapshotHeader.CrcOf(first), blocks, dataBytes);
        return Describe(data, header, dataBytes);
    }

    private static StoredSnapshot Describe(SnapshotData data, SnapshotHeader header, long dataBytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        data.Read(0, length);
        var configuration = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        data.Read(sizeof(int), configuration);
        var prefix = sizeof(int) + configuration.Length;
        var mark = new SnapshotMark(header.Index, header.Term, RaftConfiguration.Decode(configuration));
        return new StoredSnapshot(data.Path, mark, header, data.Seed)
        {
            LengthBytes = dataBytes - prefix, PrefixBytes = prefix,
        };
    }

    private static long CheckBlocks(string path, IDiskFile file, SnapshotBlocks blocks, uint seed)
    {
        var trailerAt = file.LengthBytes - SnapshotBlocks.TrailerBytes;
        Span<byte> bytes = stackalloc byte[SnapshotBlocks.TrailerBytes];
        file.Read(trailerAt, bytes);
        if (blocks.ReadTrailer(bytes) is not { } trailer)
            throw new StorageCorruptException(path, trailerAt, "the end of the snapshot cannot be read");
        if (SnapshotBlocks.FileBytes(trailer.DataBytes) != file.LengthBytes)
            throw new StorageCorruptException(
                path, trailerAt, $"{file.LengthBytes} bytes are not the length for {trailer.DataBytes} bytes of data");
        var block = new byte[SnapshotBlocks.LongestBlockBytes(trailer.DataBytes)];
        var chain = seed;
        for (var at = 0L; at < trailer.DataBytes; at += SnapshotBlocks.DataBytes)
        {
            var number = at / SnapshotBlocks.DataBytes;
            var length = (int)Math.Min(SnapshotBlocks.DataBytes, trailer.DataBytes - at);
            var part = block.AsSpan(0, SnapshotBlocks.HeaderBytes + length + FileCipher.TagBytes);
            file.Read(SnapshotBlocks.OffsetOf(number), part);
            chain = Crc32C.Of(chain, blocks.Check(part, number)
                ?? throw new StorageCorruptException(path, SnapshotBlocks.OffsetOf(number), "a block cannot be read"));
        }
        return chain == trailer.Chain
            ? trailer.DataBytes
            : throw new StorageCorruptException(path, trailerAt, "the blocks are not those that were written");
    }
}
