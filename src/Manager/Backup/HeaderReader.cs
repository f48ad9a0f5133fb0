using System.Buffers.Binary;
using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Backup;

/// <summary>The beginning of the file.</summary>
internal static class HeaderReader
{
    private const int HashBytes = 16;

    /// <exception cref="BackupException">It is none, a newer one, or damaged.</exception>
    internal static (BackupHeader Header, byte[] Digest) Read(CountedSource source)
    {
        Span<byte> prefix = stackalloc byte[BackupFormat.PrefixBytes];
        ReadPrefix(source, prefix);
        var version = BinaryPrimitives.ReadUInt32LittleEndian(prefix[BackupFormat.MagicBytes..]);
        if (version != BackupFormat.Version)
        {
            throw new BackupException(
                BackupFault.Newer,
                $"the backup has file format {version}, this program knows {BackupFormat.Version}; "
                    + "use the newer program");
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix[(BackupFormat.MagicBytes + sizeof(uint))..]);
        if (length is 0 or > BackupFormat.MaxHeaderBytes)
        {
            throw BackupException.Damaged(BackupFormat.MagicBytes + sizeof(uint), $"a header of {length} bytes");
        }

        var bytes = new byte[length];
        source.Read(bytes);
        var digest = source.Digest();
        Span<byte> stored = stackalloc byte[BackupFormat.DigestBytes];
        source.Read(stored);
        return stored.SequenceEqual(digest)
            ? (Parse(bytes), digest)
            : throw BackupException.Damaged(BackupFormat.MagicBytes, "the checksum of the header does not fit");
    }

    private static void ReadPrefix(CountedSource source, Span<byte> prefix)
    {
        try
        {
            source.Read(prefix);
        }
        catch (BackupException)
        {
            throw NotABackup();
        }

        if (!prefix[..BackupFormat.MagicBytes].SequenceEqual(BackupFormat.Magic))
        {
            throw NotABackup();
        }
    }

    private static BackupException NotABackup() => new(
        BackupFault.NotABackup, "this is not a backup of a swarm: it does not begin like one");

    private static BackupHeader Parse(byte[] bytes)
    {
        try
        {
            var header = BackupHeader.Parser.ParseFrom(bytes);
            header.Counts ??= new BackupCounts();
            header.Encryption ??= new BackupEncryption();
            return header.StateHash.Length == HashBytes && Enum.IsDefined(header.Encryption.Secret)
                ? header
                : throw new BackupException(
                    BackupFault.Newer, "the header of the backup is of a form that this program does not know");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BackupException(BackupFault.Damaged, $"the header of the backup cannot be read: {e.Message}", e);
        }
    }
}
