using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Backup;

/// <summary>What a backup is encrypted with: a passphrase, or the unlock key of the swarm. Never printed.</summary>
public sealed class BackupSecret
{
    /// <summary>Of PBKDF2 for new files; as OWASP advises for HMAC-SHA256.</summary>
    public const int Iterations = 600_000;

    /// <summary>A file that asks for more is not a backup of ours but an attempt to keep a processor busy.</summary>
    public const int MaxIterations = 10_000_000;

    /// <summary>A shorter passphrase is guessed in minutes.</summary>
    public const int MinPassphraseChars = 8;

    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const int CheckBytes = 16;

    private readonly byte[] _material;

    private BackupSecret(BackupEncryption.Types.Secret kind, byte[] material) => (Kind, _material) = (kind, material);

    internal BackupEncryption.Types.Secret Kind { get; }

    /// <summary>For a new backup.</summary>
    /// <exception cref="BackupException">It is too short.</exception>
    public static BackupSecret NewPassphrase(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length >= MinPassphraseChars
            ? Passphrase(text)
            : throw new BackupException(
                BackupFault.WrongSecret,
                $"the passphrase has {text.Length} characters, {MinPassphraseChars} are the least");
    }

    /// <summary>Text of a person; normalised, so that it does not matter on which keyboard it is typed.</summary>
    public static BackupSecret Passphrase(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(BackupEncryption.Types.Secret.Passphrase, Encoding.UTF8.GetBytes(text.Normalize()));
    }

    /// <summary>32 random bytes.</summary>
    public static BackupSecret UnlockKey(ReadOnlySpan<byte> key) =>
        new(BackupEncryption.Types.Secret.UnlockKey, key.ToArray());

    internal static int SaltLength => SaltBytes;

    /// <summary>A new key for one file, and what the file says of it.</summary>
    internal (byte[] Key, BackupEncryption Encryption) NewKey()
    {
        var encryption = new BackupEncryption
        {
            Secret = Kind,
            Salt = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(SaltBytes)),
            Iterations = Kind == BackupEncryption.Types.Secret.Passphrase ? (uint)Iterations : 0,
        };
        var (key, check) = Derive(encryption);
        encryption.KeyCheck = ByteString.CopyFrom(check);
        return (key, encryption);
    }

    /// <summary>The key of a file.</summary>
    /// <exception cref="BackupException">This is not the secret of that file.</exception>
    internal byte[] KeyOf(BackupEncryption encryption)
    {
        if (encryption.Salt.Length != SaltBytes || encryption.Iterations > MaxIterations
            || (Kind == BackupEncryption.Types.Secret.Passphrase && encryption.Iterations == 0))
        {
            throw new BackupException(
                BackupFault.Damaged, "the header of the backup asks for a key derivation that no backup has");
        }

        var (key, check) = Derive(encryption);
        return Kind == encryption.Secret && CryptographicOperations.FixedTimeEquals(check, encryption.KeyCheck.Span)
            ? key
            : throw new BackupException(
                BackupFault.WrongSecret, $"this is not the {Name(encryption.Secret)} of the backup");
    }

    internal static string Name(BackupEncryption.Types.Secret kind) =>
        kind == BackupEncryption.Types.Secret.UnlockKey ? "unlock key" : "passphrase";

    /// <summary>
    /// Passphrases are stretched first; HKDF then makes the key and the value that checks the secret.
    /// </summary>
    private (byte[] Key, byte[] Check) Derive(BackupEncryption encryption)
    {
        var salt = encryption.Salt.ToByteArray();
        var strong = Kind == BackupEncryption.Types.Secret.Passphrase
            ? Rfc2898DeriveBytes.Pbkdf2(
                _material, salt, (int)encryption.Iterations, HashAlgorithmName.SHA256, KeyBytes)
            : _material;
        return (
            HKDF.DeriveKey(HashAlgorithmName.SHA256, strong, KeyBytes, salt, "swarm backup key"u8.ToArray()),
            HKDF.DeriveKey(HashAlgorithmName.SHA256, strong, CheckBytes, salt, "swarm backup check"u8.ToArray()));
    }

    /// <inheritdoc/>
    public override string ToString() => Name(Kind);
}
