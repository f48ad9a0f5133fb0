using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Swarm.Manager.Backup;

/// <summary>Where a block stands: its file, its number, its length with the mark of the last one.</summary>
internal readonly record struct BlockPlace(byte[] HeaderDigest, ulong Number, uint Length);

/// <summary>
/// AES-256-GCM for each block. The key belongs to one file, so the block's number is a nonce that never repeats; the
/// place is authenticated, so blocks cannot be left out, moved, or taken from another file.
/// </summary>
internal static class BlockCipher
{
    internal static void Encrypt(AesGcm cipher, BlockPlace place, ReadOnlySpan<byte> plain, Span<byte> body)
    {
        Span<byte> nonce = stackalloc byte[BackupFormat.NonceBytes];
        Span<byte> aad = stackalloc byte[BackupFormat.DigestBytes + sizeof(uint)];
        Fill(place, nonce, aad);
        cipher.Encrypt(nonce, plain, body[..plain.Length], body[plain.Length..], aad);
    }

    /// <exception cref="AuthenticationTagMismatchException">The block was changed.</exception>
    internal static void Decrypt(AesGcm cipher, BlockPlace place, ReadOnlySpan<byte> body, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[BackupFormat.NonceBytes];
        Span<byte> aad = stackalloc byte[BackupFormat.DigestBytes + sizeof(uint)];
        Fill(place, nonce, aad);
        cipher.Decrypt(nonce, body[..plain.Length], body[plain.Length..], plain, aad);
    }

    private static void Fill(BlockPlace place, Span<byte> nonce, Span<byte> aad)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, place.Number);
        place.HeaderDigest.CopyTo(aad);
        BinaryPrimitives.WriteUInt32LittleEndian(aad[BackupFormat.DigestBytes..], place.Length);
    }
}
