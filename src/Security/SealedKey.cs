using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Swarm.Security;

/// <summary>A manager's private key on disk: PKCS#8, sealed by its vault, in PEM with a label of its own.</summary>
internal static class SealedKey
{
    private const string Label = "SWARM SEALED PRIVATE KEY";
    private const string Purpose = "swarm/node-key/1";

    internal static string Write(KeyVault vault, ECDsa key)
    {
        var plain = key.ExportPkcs8PrivateKey();
        var text = PemEncoding.WriteString(Label, vault.Seal(Purpose, plain)) + "\n";
        CryptographicOperations.ZeroMemory(plain);
        return text;
    }

    /// <summary>False when it is something else, as a key in clear.</summary>
    internal static bool TryRead(string pem, out byte[] box) => Pem.TryReadBlock(pem, Label, out box);

    /// <summary>The key as unencrypted PKCS#8.</summary>
    internal static bool TryOpen(KeyVault? vault, byte[] box, [NotNullWhen(true)] out byte[]? pkcs8)
    {
        pkcs8 = null;
        return vault is not null && vault.TryUnseal(Purpose, box, out pkcs8);
    }
}
