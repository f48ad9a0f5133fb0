using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Swarm.Security;

/// <summary>
/// The keys of what a manager has at rest. Each manager makes data keys of its own; they lie in one small file, wrapped
/// with the swarm's unlock key while autolock is on, and with a key that lies beside them while it is off. Every change
/// is one replacement of the file and is on the disk when the method returns. All members may be called on any thread.
/// </summary>
public sealed class KeyVault : IDisposable
{
    /// <summary>Its file in the node's directory.</summary>
    public const string FileName = "keys";

    /// <summary>Data keys that are kept at most: further changes wrap the same ones anew.</summary>
    public const int MaxDataKeys = 16;

    private const int SaltBytes = 32;
    private const int IdBytes = 16;

    private readonly string path;
    private readonly Lock gate = new();
    private List<(Guid Id, byte[] Key)> keys = [];
    private byte[] wrapping = [];
    private bool isLocked;
    private ulong clusterVersion;

    private KeyVault(string path) => this.path = path;

    /// <summary>At the next start the unlock key is needed.</summary>
    public bool IsLocked
    {
        get
        {
            lock (gate)
            {
                return isLocked;
            }
        }
    }

    /// <summary>Version of the cluster object that the wrapping follows; what an older one said is past.</summary>
    public ulong ClusterVersion
    {
        get
        {
            lock (gate)
            {
                return clusterVersion;
            }
        }
    }

    /// <summary>Ids of all data keys, oldest first; the last one is written with.</summary>
    public IReadOnlyList<Guid> KeyIds
    {
        get
        {
            lock (gate)
            {
                return [.. keys.Select(k => k.Id)];
            }
        }
    }

    /// <summary>A vault with one new data key, in place of any file that is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="unlockKey">Null while autolock is off.</param>
    /// <param name="clusterVersion">Of the cluster object that said so.</param>
    public static KeyVault Create(string path, UnlockKey? unlockKey, ulong clusterVersion)
    {
        var vault = new KeyVault(path);
        vault.Write([NewKey()], unlockKey, clusterVersion);
        return vault;
    }

    /// <summary>Opens what is on disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="unlockKey">What a person gave; null at a start. Not looked at while autolock is off.</param>
    public static VaultOpening Open(string path, UnlockKey? unlockKey)
    {
        var file = VaultFile.Load(path, out var fault, out var error);
        if (file is null)
        {
            return new VaultOpening(null, fault, error);
        }

        if (file.ClearKey is null && unlockKey is null)
        {
            return new VaultOpening(null, VaultFault.NeedsKey, $"{path} is locked: it needs the swarm's unlock key");
        }

        var vault = new KeyVault(path);
        if (vault.TryUnwrap(file, file.ClearKey ?? unlockKey!.Key))
        {
            return new VaultOpening(vault, VaultFault.None, "");
        }

        vault.Dispose();
        return file.ClearKey is null
            ? new VaultOpening(null, VaultFault.WrongKey, "invalid key provided")
            : new VaultOpening(null, VaultFault.Unusable,
                $"{path} is damaged: its keys do not open: {VaultFile.Remedy}");
    }

    /// <summary>True when the vault is wrapped as a cluster object says: with this key, or with none.</summary>
    public bool IsWrappedWith(UnlockKey? unlockKey)
    {
        lock (gate)
        {
            return unlockKey is null ? !isLocked
                : isLocked && CryptographicOperations.FixedTimeEquals(wrapping, unlockKey.Key);
        }
    }

    /// <summary>
    /// Wraps all data keys with another key and adds a new one to write with: who had the old key learns nothing of
    /// what is written from now on.
    /// </summary>
    /// <param name="unlockKey">Null when autolock is off from now on.</param>
    /// <param name="version">Of the cluster object that says so.</param>
    /// <exception cref="IOException">The old wrapping may still be in force on the disk.</exception>
    public void Rewrap(UnlockKey? unlockKey, ulong version)
    {
        lock (gate)
        {
            Write(keys.Count < MaxDataKeys ? [.. keys, NewKey()] : keys, unlockKey, version);
        }
    }

    /// <summary>Drops data keys that nothing on the disk needs any more; never the newest.</summary>
    public void KeepOnly(IReadOnlyCollection<Guid> needed)
    {
        lock (gate)
        {
            var dropped = keys.SkipLast(1).Where(k => !needed.Contains(k.Id)).ToList();
            if (dropped.Count == 0)
            {
                return;
            }

            Write([.. keys.Except(dropped)], isLocked ? UnlockKey.FromBytes(wrapping) : null, clusterVersion);
            dropped.ForEach(k => CryptographicOperations.ZeroMemory(k.Key));
        }
    }

    /// <summary>Keys for one purpose, one from each data key, oldest first. The purpose is part of the form of what is
    /// written with them: it never changes.</summary>
    public IReadOnlyList<(Guid Id, byte[] Key)> KeysFor(string purpose)
    {
        lock (gate)
        {
            return [.. keys.Select(k => (k.Id, VaultCipher.Derive(k.Key, [], purpose)))];
        }
    }

    /// <summary>Encrypts something small with the newest key; the result says with which.</summary>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        lock (gate)
        {
            var (id, key) = keys[^1];
            var derived = VaultCipher.Derive(key, [], purpose);
            byte[] box = [.. id.ToByteArray(), .. VaultCipher.Seal(derived, plain, Encoding.ASCII.GetBytes(purpose))];
            CryptographicOperations.ZeroMemory(derived);
            return box;
        }
    }

    /// <summary>Decrypts what <see cref="Seal"/> made for the same purpose; false when it is not that.</summary>
    public bool TryUnseal(string purpose, ReadOnlySpan<byte> box, [NotNullWhen(true)] out byte[]? plain)
    {
        plain = null;
        lock (gate)
        {
            if (SealedWith(box) is not { } id || keys.Find(k => k.Id == id).Key is not { } key)
            {
                return false;
            }

            var derived = VaultCipher.Derive(key, [], purpose);
            plain = VaultCipher.Open(derived, box[IdBytes..], Encoding.ASCII.GetBytes(purpose));
            CryptographicOperations.ZeroMemory(derived);
            return plain is not null;
        }
    }

    /// <summary>Id of the data key that a box needs; null when it is no box.</summary>
    public static Guid? SealedWith(ReadOnlySpan<byte> box) => box.Length > IdBytes ? new Guid(box[..IdBytes]) : null;

    /// <summary>Clears the keys from memory.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            CryptographicOperations.ZeroMemory(wrapping);
            keys.ForEach(k => CryptographicOperations.ZeroMemory(k.Key));
            keys.Clear();
        }
    }

    private bool TryUnwrap(VaultFile file, ReadOnlySpan<byte> key)
    {
        (isLocked, clusterVersion, wrapping) = (file.ClearKey is null, file.ClusterVersion, key.ToArray());
        var derived = VaultCipher.WrappingKey(key, file.Salt);
        foreach (var (place, wrapped) in file.DataKeys.Index())
        {
            var context = VaultCipher.WrapContext(
                wrapped.Id, place, file.DataKeys.Count, file.ClusterVersion, isLocked);
            if (VaultCipher.Open(derived, wrapped.Sealed, context) is not { Length: VaultCipher.KeyBytes } plain)
            {
                break;
            }

            keys.Add((wrapped.Id, plain));
        }

        CryptographicOperations.ZeroMemory(derived);
        return keys.Count == file.DataKeys.Count;
    }

    private static (Guid Id, byte[] Key) NewKey() =>
        (Guid.NewGuid(), RandomNumberGenerator.GetBytes(VaultCipher.KeyBytes));

    /// <summary>Nothing is used before it is on the disk.</summary>
    private void Write(List<(Guid Id, byte[] Key)> next, UnlockKey? unlockKey, ulong version)
    {
        byte[] key = unlockKey?.ToBytes() ?? RandomNumberGenerator.GetBytes(VaultCipher.KeyBytes);
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var derived = VaultCipher.WrappingKey(key, salt);
        var file = new VaultFile
        {
            ClearKey = unlockKey is null ? key : null,
            Salt = salt,
            ClusterVersion = version,
            DataKeys =
            [
                .. next.Select((k, place) => new WrappedKey(k.Id, VaultCipher.Seal(
                    derived, k.Key,
                    VaultCipher.WrapContext(k.Id, place, next.Count, version, unlockKey is not null)))),
            ],
        };
        var bytes = file.ToBytes();
        PrivateFile.Write(path, bytes);
        CryptographicOperations.ZeroMemory(bytes);
        CryptographicOperations.ZeroMemory(derived);
        CryptographicOperations.ZeroMemory(wrapping);
        (keys, wrapping, isLocked, clusterVersion) = (next, key, unlockKey is not null, version);
    }
}
