using System.IO.Compression;
using System.Security.Cryptography;

namespace Swarm.Runtime.Images;

/// <summary>The archive of a layer among the blobs, in a form that registries take.</summary>
internal sealed record LayerBlob(string MediaType, ImageDigest Digest, long Bytes)
{
    private const string Gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    private const string Zstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>
    /// Takes a file over: compressed ones as they are, plain ones compressed. The file must be of the store's own file
    /// system; it is gone afterwards or still to be deleted.
    /// </summary>
    internal static LayerBlob Adopt(string file, StoreParts parts, StorePins.Pin pin)
    {
        Span<byte> magic = stackalloc byte[4];
        using (var opened = File.OpenRead(file))
            opened.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        var type = magic is [0x28, 0xb5, 0x2f, 0xfd] ? Zstd : Gzip;
        var isPlain = magic is not ([0x1f, 0x8b, ..] or [0x28, 0xb5, 0x2f, 0xfd]);
        var ready = isPlain ? parts.NewTemporary() : file;
        try
        {
            if (isPlain)
                Compress(file, ready);
            using var content = File.OpenRead(ready);
            var digest = ImageDigest.FromHash(SHA256.HashData(content));
            var blob = new LayerBlob(type, digest, content.Length);
            pin.Add([digest.Hex]);
            if (!parts.Blobs.Has(digest))
                parts.Blobs.Adopt(digest, ready);
            return blob;
        }
        finally
        {
            if (isPlain)
                File.Delete(ready);
        }
    }

    private static void Compress(string from, string to)
    {
        using var plain = File.OpenRead(from);
        using var handle = StoreFiles.Create(to);
        using var file = new FileStream(handle, FileAccess.Write);
        using var gzip = new GZipStream(file, CompressionLevel.Fastest);
        plain.CopyTo(gzip);
    }
}
