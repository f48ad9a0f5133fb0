using System.Net;
using System.Net.Http.Headers;

namespace Swarm.Runtime.Images;

/// <summary>What became of one blob at the registry.</summary>
internal enum UploadResult
{
    Uploaded,
    WasThere,
    Mounted,
}

/// <summary>Gives blobs and manifests to one repository (OCI distribution specification, push).</summary>
internal sealed class RegistryUpload(RegistryTransport transport, RegistryOptions options, ImageReference target)
{
    private const int Attempts = 3;
    private const int FirstRetryDelayMs = 300;

    internal async Task<bool> HasAsync(ImageDigest digest, CancellationToken ct)
    {
        using var response = await AskAsync(new RegistryRequest($"blobs/{digest}") { Method = HttpMethod.Head }, ct)
            .ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NotFound => false,
            var status => throw RegistryFailures.Of(target, status, RegistryRequest.PullAndPush),
        };
    }

    /// <summary>Takes a blob from another repository of the same registry, or begins an upload.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="from">Repository that has it, or null.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Where to upload; null when there is no need.</returns>
    internal async Task<Uri?> BeginAsync(ImageDigest digest, string? from, CancellationToken ct)
    {
        var query = from is null ? "" : $"?mount={digest}&from={Uri.EscapeDataString(from)}";
        using var response = await AskAsync(
            new RegistryRequest("blobs/uploads/" + query) { Method = HttpMethod.Post }, ct).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Created && from is not null)
            return null;
        if (response.StatusCode != HttpStatusCode.Accepted)
            throw RegistryFailures.Of(target, response.StatusCode, RegistryRequest.PullAndPush);
        var registry = RegistryAddress.Base(target.Host, options.InsecureHosts);
        return RegistryTransport.Redirect(target, registry, registry, response.Headers.Location);
    }

    /// <summary>Sends a file; begins anew a few times when the connection breaks.</summary>
    internal async Task<UploadResult> SendAsync(
        ImageDigest digest, string file, long bytes, string? from, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await BeginAsync(digest, from, ct).ConfigureAwait(false) is not { } address)
                    return UploadResult.Mounted;
                await PutAsync(address, digest, file, bytes, ct).ConfigureAwait(false);
                return UploadResult.Uploaded;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Unreachable && attempt < Attempts)
            {
                options.Log($"{target}: {e.Message}; trying again");
                await Task.Delay(FirstRetryDelayMs << (2 * (attempt - 1)), ct).ConfigureAwait(false);
            }
        }
    }

    internal async Task PutManifestAsync(byte[] manifest, string type, CancellationToken ct)
    {
        using var response = await AskAsync(
            new RegistryRequest($"manifests/{target.Tag}")
            {
                Method = HttpMethod.Put,
                Content = () => Content(new MemoryStream(manifest), manifest.Length, type),
                ContentBytes = manifest.Length,
            },
            ct).ConfigureAwait(false);
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.OK))
            throw RegistryFailures.Of(target, response.StatusCode, RegistryRequest.PullAndPush);
    }

    private async Task PutAsync(Uri address, ImageDigest digest, string file, long bytes, CancellationToken ct)
    {
        var query = address.Query.Length > 1 ? address.Query[1..] + "&" : "";
        using var response = await AskAsync(
            new RegistryRequest("")
            {
                Method = HttpMethod.Put,
                Address = new UriBuilder(address) { Query = $"{query}digest={digest}" }.Uri,
                Content = () => Content(File.OpenRead(file), bytes, "application/octet-stream"),
                ContentBytes = bytes,
            },
            ct).ConfigureAwait(false);
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.NoContent))
            throw RegistryFailures.Of(target, response.StatusCode, RegistryRequest.PullAndPush);
    }

    private static StreamContent Content(Stream stream, long bytes, string type)
    {
        var content = new StreamContent(stream);
        content.Headers.ContentLength = bytes;
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    private Task<HttpResponseMessage> AskAsync(RegistryRequest request, CancellationToken ct) =>
        transport.AskAsync(target, request with { Actions = RegistryRequest.PullAndPush }, ct);
}
