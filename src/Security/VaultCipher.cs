using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Swarm.Security;

/// <summary>
/// AES-256-GCM with a random nonce in front. Each use derives a key of its own (HKDF, RFC 5869), so that a box of one
/// purpose is nothing for another.
/// </summary>
internal static class VaultCipher
{
    internal const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const string WrapPurpose = "swarm/key-wrap/1";

    /// <summary>A key for one purpose only; the caller clears it.</summary>
    internal static byte[] Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, string purpose)
    {
        var derived = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt, Encoding.ASCII.GetBytes(purpose));
        return derived;
    }

    /// <summary>The key that wraps data keys.</summary>
    internal static byte[] WrappingKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt) =>
        Derive(key, salt, WrapPurpose);

    internal static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context)
    {
        var box = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = box.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(^TagBytes), context);
        return box;
    }

    /// <summary>Null when the key is another, or the box or its context were changed.</summary>
    internal static byte[]? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> context)
    {
        if (box.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(
                box[..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], plain, context);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>What a wrapped key is bound to: its place among the others, and what the file says of them.</summary>
    internal static byte[] WrapContext(Guid id, int place, int count, ulong clusterVersion, bool isLocked)
    {
        const int numbers = (2 * sizeof(int)) + sizeof(ulong) + 1;
        var context = new byte[16 + numbers];
        id.TryWriteBytes(context);
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(16), place);
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(20), count);
        BinaryPrimitives.WriteUInt64LittleEndian(context.AsSpan(24), clusterVersion);
        context[32] = isLocked ? (byte)1 : (byte)0;
        return context;
    }
}
