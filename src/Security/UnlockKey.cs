using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Swarm.Security;

/// <summary>
/// The key that a person gives to a manager of a swarm with autolock after a restart, in docker's form
/// <c>SWMKEY-1-</c> and base64 without padding (behaviour.md Q). Printing an object of this type does not print the
/// key.
/// </summary>
public sealed class UnlockKey
{
    /// <summary>Random bytes of a key.</summary>
    public const int Bytes = 32;

    /// <summary>Characters of every key.</summary>
    public const int Chars = 9 + EncodedChars;

    private const string Prefix = "SWMKEY-1-";
    private const string AnyVersion = "SWMKEY-";
    private const int EncodedChars = 43;

    private readonly byte[] key;

    private UnlockKey(byte[] key) => this.key = key;

    /// <summary>The whole key: for the person who asked for it.</summary>
    public string Text => Prefix + Convert.ToBase64String(key).TrimEnd('=');

    internal ReadOnlySpan<byte> Key => key;

    /// <summary>From the bytes that the cluster's state holds.</summary>
    /// <exception cref="ArgumentException">Another length than <see cref="Bytes"/>.</exception>
    public static UnlockKey FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Bytes
        ? new UnlockKey(bytes.ToArray())
        : throw new ArgumentException($"an unlock key has {Bytes} bytes, not {bytes.Length}", nameof(bytes));

    /// <summary>A new one from the kernel's random numbers.</summary>
    public static UnlockKey Create() => new(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Reads a key; every key has exactly one spelling. The error never repeats the text.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out UnlockKey? key, out string error)
    {
        key = null;
        error = Fault(text);
        if (error.Length > 0)
        {
            return false;
        }

        var bytes = new byte[Bytes];
        if (!Convert.TryFromBase64String(text![Prefix.Length..] + "=", bytes, out var written) || written != Bytes)
        {
            error = $"what follows {Prefix} is not base64 of {Bytes} bytes";
            return false;
        }

        var read = new UnlockKey(bytes);
        if (read.Text != text)
        {
            error = "its last character is not the one that belongs there";
            return false;
        }

        key = read;
        return true;
    }

    /// <summary>The bytes, for the cluster's state.</summary>
    public byte[] ToBytes() => [.. key];

    /// <summary>Compares in a time that says nothing about the keys.</summary>
    public bool SameAs(UnlockKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CryptographicOperations.FixedTimeEquals(key, other.key);
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => Prefix + "(secret)";

    private static string Fault(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "it is empty";
        }

        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return text.StartsWith(AnyVersion, StringComparison.Ordinal)
                ? $"it is of another version than 1 (it must begin with {Prefix})"
                : $"it must begin with {Prefix}";
        }

        return text.Length == Chars ? "" : $"it has {text.Length} characters where {Chars} are due";
    }
}
