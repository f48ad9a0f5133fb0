using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Swarm.Runtime.Images;

/// <summary>
/// A sha256 digest, the only algorithm that is accepted. Text form: <c>sha256:</c> and 64 lower-case hex digits.
/// </summary>
public readonly record struct ImageDigest
{
    private const string Prefix = "sha256:";
    private const int HexChars = 64;
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private ImageDigest(string hex) => Hex = hex;

    /// <summary>The 64 hex digits: safe as a file name.</summary>
    public string Hex { get; }

    /// <inheritdoc/>
    public override string ToString() => Prefix + Hex;

    /// <summary>Reads <c>sha256:…</c>; false for any other form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ImageDigest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + HexChars
            || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || text.AsSpan(Prefix.Length).ContainsAnyExcept(s_hexDigits))
        {
            return false;
        }

        digest = new ImageDigest(text[Prefix.Length..]);
        return true;
    }

    /// <summary>Reads the 64 hex digits; false for any other form.</summary>
    internal static bool TryParseHex(string text, out ImageDigest digest) => TryParse(Prefix + text, out digest);

    /// <summary>Digest of hex digits that were checked before.</summary>
    /// <exception cref="FormatException">They are none: the store is damaged.</exception>
    internal static ImageDigest OfHex(string hex) =>
        TryParseHex(hex, out var digest) ? digest : throw new FormatException($"\"{hex}\" is no sha256 digest");

    /// <summary>Digest from the 32 bytes of a hash.</summary>
    public static ImageDigest FromHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexStringLower(hash));

    /// <summary>Digest of some bytes.</summary>
    public static ImageDigest Of(ReadOnlySpan<byte> content) =>
        FromHash(System.Security.Cryptography.SHA256.HashData(content));
}
