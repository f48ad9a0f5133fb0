using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>The only kind of key in a cluster: ECDSA on P-256, named curve, uncompressed point.</summary>
internal static class KeyForm
{
    private const string EcPublicKeyOid = "1.2.840.10045.2.1";
    private const int UncompressedPointBytes = 65;

    // DER of the object identifier 1.2.840.10045.3.1.7. Compared as bytes, so that a key which spells out
    // its own curve parameters never passes for P-256.
    private static ReadOnlySpan<byte> NamedP256 => [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

    public static bool IsP256(PublicKey key) =>
        key.Oid.Value == EcPublicKeyOid
        && key.EncodedParameters is { } parameters
        && parameters.RawData.AsSpan().SequenceEqual(NamedP256)
        && key.EncodedKeyValue.RawData is { Length: UncompressedPointBytes } point
        && point[0] == 4;
}
