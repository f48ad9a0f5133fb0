using System.Buffers.Binary;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Backup;

/// <summary>When, where and by what a backup is taken.</summary>
/// <param name="At">Clock of the manager.</param>
/// <param name="Term">Raft's term.</param>
/// <param name="Node">The manager.</param>
/// <param name="ProductVersion">Its version.</param>
/// <param name="Stale">No leader confirmed that the state is the newest.</param>
public sealed record BackupOrigin(DateTimeOffset At, ulong Term, NodeId Node, string ProductVersion, bool Stale)
{
    /// <summary>IP:PORT of the managers, for a restore that has to find out whether they still live.</summary>
    public IReadOnlyList<string> Managers { get; init; } = [];
}

/// <summary>A backup that was read to its end and found whole.</summary>
/// <param name="Header">What it said of itself.</param>
/// <param name="State">The state, whose hash is the header's.</param>
/// <param name="FileBytes">Length of the file.</param>
public sealed record BackupContents(BackupHeader Header, ClusterState State, long FileBytes);

/// <summary>
/// The state of a swarm in a file: header in clear, the state in checked blocks, a digest of all of it. With a secret
/// everything but the header is encrypted. It holds the key of the certificate authority and the secrets of the join
/// tokens, as a new manager needs them.
/// </summary>
public static class BackupFile
{
    /// <summary>The form of file that this program writes and reads.</summary>
    public const uint FormatVersion = BackupFormat.Version;

    private const int HashBytes = 16;

    /// <summary>Writes a backup; the target is a whole backup only when this has returned.</summary>
    /// <returns>The header, as it stands in the file.</returns>
    public static BackupHeader Write(ClusterState state, BackupOrigin origin, BackupSecret? secret, Stream target)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(origin);
        var header = Describe(state, origin);
        var key = secret?.NewKey();
        header.Encryption = key?.Encryption ?? new BackupEncryption();
        using var writer = new BackupWriter(target, header, key?.Key);
        SnapshotCodec.Write(state, writer);
        writer.Finish();
        return header;
    }

    /// <summary>The header alone; what follows is not looked at.</summary>
    /// <exception cref="BackupException">This is not the beginning of a backup.</exception>
    public static BackupHeader ReadHeader(Stream source)
    {
        using var reader = new BackupReader(source);
        return reader.Header;
    }

    /// <summary>Reads all of it, decodes the state and compares its hash.</summary>
    /// <param name="source">From its first byte.</param>
    /// <param name="secret">Asked for when the file is encrypted, with what it needs.</param>
    /// <exception cref="BackupException">It is not whole, or the secret is not its own.</exception>
    public static BackupContents Read(Stream source, Func<BackupEncryption.Types.Secret, BackupSecret?> secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        using var reader = new BackupReader(source);
        var header = reader.Header;
        if (header.Encryption.Secret != BackupEncryption.Types.Secret.None)
        {
            var given = secret(header.Encryption.Secret) ?? throw new BackupException(
                BackupFault.WrongSecret,
                $"the backup is encrypted; its {BackupSecret.Name(header.Encryption.Secret)} is needed");
            reader.Unlock(given.KeyOf(header.Encryption));
        }

        var state = Decode(reader);
        reader.Finish();
        Compare(header, state);
        return new BackupContents(header, state, reader.FileBytes);
    }

    /// <summary>The hash of a state as headers and answers carry it.</summary>
    public static ByteString HashOf(ClusterState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Span<byte> bytes = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, state.Hash128);
        return ByteString.CopyFrom(bytes);
    }

    private static ClusterState Decode(BackupReader reader)
    {
        try
        {
            return SnapshotCodec.Read(reader);
        }
        catch (InvalidDataException e)
        {
            throw new BackupException(BackupFault.Damaged, $"the state in the backup cannot be read: {e.Message}", e);
        }
    }

    private static void Compare(BackupHeader header, ClusterState state)
    {
        if (!HashOf(state).Equals(header.StateHash) || state.LastIndex != header.LogIndex
            || !Counts(state).Equals(header.Counts) || state.Cluster?.Id.Value != header.ClusterId)
        {
            throw new BackupException(
                BackupFault.Damaged,
                    "the state in the backup is not the one that its header tells of; use another copy");
        }
    }

    private static BackupHeader Describe(ClusterState state, BackupOrigin origin)
    {
        var cluster = state.Cluster
            ?? throw new InvalidOperationException("a swarm that is still being initialised has nothing to back up");
        return new BackupHeader
        {
            ClusterId = cluster.Id.Value,
            Epoch = cluster.Epoch,
            LogIndex = state.LastIndex,
            LogTerm = origin.Term,
            TakenAtNs = Timestamps.ToNs(origin.At),
            ProductVersion = origin.ProductVersion,
            StateFormat = state.Format,
            StateHash = HashOf(state),
            Counts = Counts(state),
            Stale = origin.Stale,
            NodeId = origin.Node.Value ?? "",
            AutoLock = cluster.AutoLock,
            Observe = cluster.Observe,
            ManagerAddresses = { origin.Managers },
        };
    }

    private static BackupCounts Counts(ClusterState state) => new()
    {
        Nodes = (ulong)state.Nodes.Count,
        Managers = (ulong)state.Nodes.Values.Count(n => n.Role == NodeRole.Manager),
        Services = (ulong)state.Services.Count,
        Tasks = (ulong)state.Tasks.Count,
    };
}
