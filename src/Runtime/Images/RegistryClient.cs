using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>What a reference means at this moment.</summary>
/// <param name="Reference">What was asked.</param>
/// <param name="Digest">Digest of the manifest or index that the registry has for it.</param>
/// <param name="Platforms">Platforms that it has images for; empty when the image does not say.</param>
public sealed record ResolvedImage(ImageReference Reference, ImageDigest Digest, IReadOnlyList<ImagePlatform> Platforms)
{
    /// <summary>The reference with the digest: every node that pulls this gets the same bytes.</summary>
    public string Canonical => Reference.Pin(Digest).ToString();
}

/// <summary>A client of OCI registries (distribution specification 1.1, pull part). Needs no store on disk.</summary>
public sealed class RegistryClient(RegistryOptions options) : IDisposable
{
    private static readonly string[] s_anyType = ["*/*"];
    private readonly RegistryTransport _transport = new(options);

    internal RegistryOptions Options => options;

    /// <summary>Asks the registry which digest the tag has now, and for which platforms.</summary>
    /// <exception cref="ImageException">The registry has it not, cannot be reached, or answers with what is
    /// refused.</exception>
    public async Task<ResolvedImage> ResolveAsync(ImageReference reference, CancellationToken ct)
    {
        var (digest, document, _) = await FetchManifestAsync(reference, ct).ConfigureAwait(false);
        if (document is ManifestDocument.Index index)
            return new ResolvedImage(reference, digest, PlatformChoice.Offered(index));
        var image = (ManifestDocument.Image)document;
        var bytes = await FetchSmallBlobAsync(reference, image.Config, ct).ConfigureAwait(false);
        var config = ImageConfigParser.Parse(bytes);
        return new ResolvedImage(reference, digest, config.Platform.Architecture.Length > 0 ? [config.Platform] : []);
    }

    public void Dispose() => _transport.Dispose();

    /// <summary>The manifest or index of the reference (its digest first, else its tag), verified and parsed.</summary>
    internal async Task<(ImageDigest Digest, ManifestDocument Document, byte[] Bytes)> FetchManifestAsync(
        ImageReference reference, CancellationToken ct)
    {
        var name = reference.Digest?.ToString() ?? reference.Tag!;
        using var response = await _transport
            .GetAsync(reference, "manifests/" + name, MediaTypes.Accepted, ct).ConfigureAwait(false);
        var bytes = await BoundedBody
            .ReadAsync(response, ManifestParser.MaxManifestBytes, options.StallTimeout, ct).ConfigureAwait(false);
        var digest = ImageDigest.Of(bytes);
        var promised = reference.Digest?.ToString()
            ?? (response.Headers.TryGetValues("Docker-Content-Digest", out var values) ? values.First() : null);
        if (promised is not null && promised != digest.ToString())
            throw ImageException.Corrupt(
                $"manifest of {reference} is refused: its digest is {digest}, promised was "
                + $"{NativeName.Show(NativeName.Of(promised))}");
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        return (digest, ManifestParser.Parse(bytes, type), bytes);
    }

    /// <summary>A blob of few megabytes, verified.</summary>
    internal async Task<byte[]> FetchSmallBlobAsync(ImageReference reference, Descriptor blob, CancellationToken ct)
    {
        using var response = await _transport
            .GetAsync(reference, "blobs/" + blob.Digest, s_anyType, ct).ConfigureAwait(false);
        var bytes = await BoundedBody.ReadAsync(response, (int)blob.Size, options.StallTimeout, ct)
            .ConfigureAwait(false);
        return ImageDigest.Of(bytes) == blob.Digest && bytes.Length == blob.Size
            ? bytes
            : throw ImageException.Corrupt(
                $"blob {blob.Digest} of {reference} is refused: its content has another digest");
    }

    /// <summary>
    /// Streams a blob into the file; the bytes are verified when this returns and worth nothing before.
    /// </summary>
    internal async Task DownloadAsync(
        ImageReference reference, Descriptor blob, SafeFileHandle file, PullMeter meter, CancellationToken ct)
    {
        using var response = await _transport
            .GetAsync(reference, "blobs/" + blob.Digest, s_anyType, ct).ConfigureAwait(false);
        if (response.Content.Headers.ContentLength is { } length && length != blob.Size)
            throw ImageException.Corrupt(
                $"blob {blob.Digest} of {reference} is refused: the registry sends {length} bytes, promised were "
                + $"{blob.Size}");
        var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        await new BlobDownload(options, blob, file, meter).RunAsync(stream, ct).ConfigureAwait(false);
    }
}
