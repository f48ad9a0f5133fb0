using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>
/// <c>SWMTKN-1-digest-secret</c> (behaviour.md P). The digest is the SHA-256 of the cluster's root certificate
/// and lets the joiner recognise the cluster; the secret lets the cluster recognise the joiner, and which of the
/// two secrets it is decides the role. Printing an object of this type does not print the secret.
/// </summary>
public sealed class JoinToken
{
    /// <summary>Random bytes of a secret.</summary>
    public const int SecretBytes = 16;

    /// <summary>Characters of every token.</summary>
    public const int Chars = 9 + DigestChars + 1 + SecretChars;

    private const string Prefix = "SWMTKN-1-";
    private const string AnyVersion = "SWMTKN-";
    private const int DigestChars = 50;
    private const int SecretChars = 25;
    private const string Remedy = "copy it again from 'swarmctl swarm join-token worker|manager' on a manager";

    private readonly byte[] digest;
    private readonly byte[] secret;

    private JoinToken(byte[] digest, byte[] secret)
    {
        this.digest = digest;
        this.secret = secret;
    }

    /// <summary>SHA-256 of the root certificate in base 36; not secret.</summary>
    public string RootDigest => IdFormat.Base36(digest, DigestChars);

    /// <summary>The whole token, secret included: for the person who asked for it, and for the joining call.</summary>
    public string Text => Prefix + RootDigest + "-" + IdFormat.Base36(secret, SecretChars);

    /// <summary>The token for a root certificate and a secret of 16 random bytes.</summary>
    /// <exception cref="ArgumentException">The secret has another length.</exception>
    /// <exception cref="CertificateRefusedException">The text is not one root certificate.</exception>
    public static JoinToken Create(string rootPem, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretBytes)
        {
            throw new ArgumentException($"a secret has {SecretBytes} bytes, not {secret.Length}", nameof(secret));
        }

        return new JoinToken(DigestOf(rootPem), secret.ToArray());
    }

    /// <summary>Reads a token; every token has exactly one spelling. The error never repeats the token.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JoinToken? token, out string error)
    {
        token = null;
        error = Fault(text);
        if (error.Length > 0)
        {
            return false;
        }

        var digest = new byte[SHA256.HashSizeInBytes];
        var secret = new byte[SecretBytes];
        var fields = text.AsSpan(Prefix.Length);
        if (!Base36Text.TryDecode(fields[..DigestChars], digest))
        {
            error = $"the join token's first field is not a SHA-256 digest in base 36: {Remedy}";
            return false;
        }

        if (!Base36Text.TryDecode(fields[(DigestChars + 1)..], secret))
        {
            error = $"the join token's second field is not {SecretBytes} bytes in base 36: {Remedy}";
            return false;
        }

        token = new JoinToken(digest, secret);
        return true;
    }

    /// <summary>True when the text is the root certificate that this token pins, in whatever line endings.</summary>
    /// <exception cref="CertificateRefusedException">The text is not one root certificate.</exception>
    public bool MatchesRoot(string rootPem) => CryptographicOperations.FixedTimeEquals(digest, DigestOf(rootPem));

    /// <summary>Compares secrets in a time that says nothing about them.</summary>
    public bool SecretEquals(JoinToken other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SecretEquals(other.secret);
    }

    /// <inheritdoc cref="SecretEquals(JoinToken)"/>
    public bool SecretEquals(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(secret, other);

    /// <summary>Without the secret.</summary>
    public override string ToString() => Prefix + RootDigest + "-(secret)";

    internal static string DigestText(string rootPem) => IdFormat.Base36(DigestOf(rootPem), DigestChars);

    private static byte[] DigestOf(string rootPem)
    {
        ArgumentNullException.ThrowIfNull(rootPem);
        using var root = RootCertificate.Parse(rootPem);
        return SHA256.HashData(Encoding.ASCII.GetBytes(Pem.Write(root)));
    }

    private static string Fault(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return $"the join token is empty: {Remedy}";
        }

        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return text.StartsWith(AnyVersion, StringComparison.Ordinal)
                ? $"the join token is of another version than 1 (it must begin with {Prefix}): {Remedy}"
                : $"this is not a join token (it must begin with {Prefix}): {Remedy}";
        }

        return text.Length != Chars || text[Prefix.Length + DigestChars] != '-'
            ? $"the join token has {text.Length} characters where {Chars} of the form"
                + $" {Prefix}<{DigestChars}>-<{SecretChars}> are due: {Remedy}"
            : "";
    }
}
