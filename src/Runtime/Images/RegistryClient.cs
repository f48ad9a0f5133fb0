using System.Net;
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

/// <summary>
/// A client of OCI registries (distribution specification 1.1). Needs no store on disk. What is read is asked of the
/// registry's mirrors first; uploads go to the registry itself.
/// </summary>
public sealed class RegistryClient(RegistryOptions options) : IDisposable
{
    private static readonly string[] s_anyType = ["*/*"];
    private readonly RegistryTransport _transport = new(options);

    internal RegistryOptions Options => options;

    internal RegistryTransport Transport => _transport;

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

    /// <summary>Returns when the registry takes the credentials; nothing is stored.</summary>
    /// <param name="host">As references have it: docker.io, 10.99.0.5:5000.</param>
    /// <param name="credentials">Sent to the registry and its token service only.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ImageException">It does not, or cannot be reached.</exception>
    public Task CheckCredentialsAsync(string host, RegistryCredentials credentials, CancellationToken ct) =>
        _transport.CheckCredentialsAsync(host, credentials, ct);

    /// <summary>Credentials of the registry have changed.</summary>
    public void Forget(string host) => _transport.Forget(host);

    public void Dispose() => _transport.Dispose();

    /// <summary>The manifest or index of the reference (its digest first, else its tag), verified and parsed.</summary>
    internal Task<(ImageDigest Digest, ManifestDocument Document, byte[] Bytes)> FetchManifestAsync(
        ImageReference reference, CancellationToken ct) =>
        FromAnyAsync(reference, async source =>
        {
            var name = reference.Digest?.ToString() ?? reference.Tag!;
            using var response = await _transport.GetAsync(
                source, new RegistryRequest("manifests/" + name) { Accept = MediaTypes.Accepted }, ct)
                .ConfigureAwait(false);
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
        });

    /// <summary>A blob of few megabytes, verified.</summary>
    internal Task<byte[]> FetchSmallBlobAsync(ImageReference reference, Descriptor blob, CancellationToken ct) =>
        FromAnyAsync(reference, async source =>
        {
            using var response = await _transport.GetAsync(
                source, new RegistryRequest("blobs/" + blob.Digest) { Accept = s_anyType }, ct).ConfigureAwait(false);
            var bytes = await BoundedBody.ReadAsync(response, (int)blob.Size, options.StallTimeout, ct)
                .ConfigureAwait(false);
            return ImageDigest.Of(bytes) == blob.Digest && bytes.Length == blob.Size
                ? bytes
                : throw ImageException.Corrupt(
                    $"blob {blob.Digest} of {reference} is refused: its content has another digest");
        });

    /// <summary>
    /// Streams a blob into the file; the bytes are verified when this returns and worth nothing before. What the file
    /// has already is not asked for again, if the registry can do that.
    /// </summary>
    internal Task DownloadAsync(
        ImageReference reference, Descriptor blob, SafeFileHandle file, LayerMeter meter, CancellationToken ct) =>
        FromAnyAsync(reference, async source =>
        {
            var have = RandomAccess.GetLength(file);
            if (have >= blob.Size)
                RandomAccess.SetLength(file, have = 0);
            using var response = await _transport.GetAsync(
                source, new RegistryRequest("blobs/" + blob.Digest) { Accept = s_anyType, From = have }, ct)
                .ConfigureAwait(false);
            var from = Begin(reference, blob, response, have);
            RandomAccess.SetLength(file, from);
            var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
            await using var _ = stream.ConfigureAwait(false);
            await new BlobDownload(options, blob, file, meter).RunAsync(stream, from, ct).ConfigureAwait(false);
            return true;
        });

    /// <summary>The first byte of the answer: the wanted one, or 0 when the registry sends everything.</summary>
    private static long Begin(ImageReference reference, Descriptor blob, HttpResponseMessage response, long wanted)
    {
        var from = 0L;
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            from = response.Content.Headers.ContentRange is { From: { } first } && first == wanted
                ? first
                : throw ImageException.Corrupt(
                    $"blob {blob.Digest} of {reference} is refused: the registry sends another part than asked for");
        }

        return response.Content.Headers.ContentLength is { } length && from + length != blob.Size
            ? throw ImageException.Corrupt(
                $"blob {blob.Digest} of {reference} is refused: the registry sends {length} bytes, promised were "
                + $"{blob.Size - from}")
            : from;
    }

    /// <summary>Mirrors in their order, then the registry, whose failure is the answer.</summary>
    private async Task<T> FromAnyAsync<T>(ImageReference reference, Func<ImageReference, Task<T>> ask)
    {
        foreach (var mirror in options.Mirrors.GetValueOrDefault(reference.Host) ?? [])
        {
            try
            {
                return await ask(reference.At(mirror)).ConfigureAwait(false);
            }
            catch (ImageException e)
            {
                options.Log($"mirror {mirror} of {reference.Host}: {e.Message}");
            }
        }

        return await ask(reference).ConfigureAwait(false);
    }
}
