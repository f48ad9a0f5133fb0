using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Swarm.Raft.Storage;

/// <summary>
/// AES-256-GCM for one file. The key is derived from the data key and the file's random salt, so no two files, and no
/// two versions of a file, share one; the nonce is the position in the file. A position is written once in a file's
/// life: a tail that is rewritten at start, a segment that is rolled and a snapshot are new files with a new salt.
/// </summary>
internal sealed class FileCipher : IDisposable
{
    public const int SaltBytes = 32;
    public const int TagBytes = 16;

    /// <summary>Position of the seal of a header.</summary>
    public const ulong HeaderPosition = ulong.MaxValue;

    /// <summary>Position of the seal at the end of a file.</summary>
    public const ulong TrailerPosition = ulong.MaxValue - 1;

    private const int NonceBytes = 12;
    private readonly AesGcm _aes;

    private FileCipher(AesGcm aes) => _aes = aes;

    /// <param name="key">The data key.</param>
    /// <param name="salt">Of the file, in its header.</param>
    /// <param name="purpose">What the file is, to whom it belongs, and which one it is.</param>
    public static FileCipher Derive(DataKey key, ReadOnlySpan<byte> salt, string purpose)
    {
        Span<byte> derived = stackalloc byte[DataKey.KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Key.Span, derived, salt, Encoding.UTF8.GetBytes(purpose));
        var cipher = new FileCipher(new AesGcm(derived, TagBytes));
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    /// <summary>Encrypts; source and target may be the same.</summary>
    public void Seal(
        ulong position, ReadOnlySpan<byte> plain, Span<byte> target, Span<byte> tag, ReadOnlySpan<byte> bound)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Nonce(nonce, position);
        _aes.Encrypt(nonce, plain, target, tag, bound);
    }

    /// <summary>Decrypts; source and target may be the same. False when anything is not as it was.</summary>
    public bool TryOpen(
        ulong position, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> tag, Span<byte> target,
        ReadOnlySpan<byte> bound)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Nonce(nonce, position);
        try
        {
            _aes.Decrypt(nonce, sealedBytes, tag, target, bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();

    private static void Nonce(Span<byte> nonce, ulong position)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[(NonceBytes - sizeof(ulong))..], position);
    }
}
