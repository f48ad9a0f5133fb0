using System.Net;
using System.Net.Http.Headers;

namespace Swarm.Runtime.Images;

/// <summary>GET requests to a registry with authentication, and redirects followed by hand under our rules.</summary>
internal sealed class RegistryTransport : IDisposable
{
    private const int MaxRedirects = 5;
    private readonly RegistryOptions _options;
    private readonly GuardedConnections _connections;
    private readonly RegistryAuthorization _authorization;

    internal RegistryTransport(RegistryOptions options)
    {
        _options = options;
        _connections = new GuardedConnections(options.ConnectTimeout);
        _authorization = new RegistryAuthorization(options, _connections);
    }

    /// <summary>The successful answer to GET /v2/&lt;repository&gt;/&lt;path&gt;; its body is still unread.</summary>
    /// <exception cref="ImageException">There is none; the kind says why.</exception>
    internal async Task<HttpResponseMessage> GetAsync(
        ImageReference reference, string path, IReadOnlyList<string> accept, CancellationToken ct)
    {
        var registry = RegistryAddress.Base(reference.Host, _options.InsecureHosts);
        var target = new Uri(registry, $"{reference.Repository}/{path}");
        var header = _authorization.Known(reference);
        var response = await FollowAsync(reference, registry, target, header, accept, ct).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            using (response)
            {
                header = await GuardAsync(
                    reference, limit => _authorization.AnswerAsync(reference, registry, response, limit), ct)
                    .ConfigureAwait(false);
            }

            if (header is null)
                throw Denied(reference, HttpStatusCode.Unauthorized);
            response = await FollowAsync(reference, registry, target, header, accept, ct).ConfigureAwait(false);
        }

        if (response.StatusCode == HttpStatusCode.OK)
            return response;
        using (response)
            throw Failure(reference, response.StatusCode);
    }

    public void Dispose() => _connections.Dispose();

    private async Task<HttpResponseMessage> FollowAsync(
        ImageReference reference,
        Uri registry,
        Uri target,
        AuthenticationHeaderValue? header,
        IReadOnlyList<string> accept,
        CancellationToken ct)
    {
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            var response = await SendAsync(reference, registry, target, header, accept, ct).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                return response;
            using (response)
                target = Redirect(reference, registry, target, response.Headers.Location);
        }

        throw new ImageException(
            ImageErrorKind.Invalid, $"registry {reference.Host} redirects more than {MaxRedirects} times");
    }

    private static Uri Redirect(ImageReference reference, Uri registry, Uri from, Uri? location)
    {
        var target = location is null ? null : new Uri(from, location);
        var mayBePlain = registry.Scheme == Uri.UriSchemeHttp;
        return target?.Scheme == Uri.UriSchemeHttps || (mayBePlain && target?.Scheme == Uri.UriSchemeHttp)
            ? target
            : throw new ImageException(
                ImageErrorKind.Denied,
                $"registry {reference.Host} redirects to "
                + $"{NativeName.Show(NativeName.Of(target?.Scheme ?? "nothing"))}, which is not followed");
    }

    private Task<HttpResponseMessage> SendAsync(
        ImageReference reference,
        Uri registry,
        Uri target,
        AuthenticationHeaderValue? header,
        IReadOnlyList<string> accept,
        CancellationToken ct) => GuardAsync(
            reference,
            async limit =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, target);
                foreach (var type in accept)
                {
                    request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
                }

                if (RegistryAddress.IsSameOrigin(registry, target))
                    request.Headers.Authorization = header;
                return await _connections.For(registry, target)
                    .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
            },
            ct);

    /// <summary>Bounds the wait for an answer, and turns network failures into one line.</summary>
    private async Task<T> GuardAsync<T>(
        ImageReference reference, Func<CancellationToken, Task<T>> ask, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_options.StallTimeout);
        try
        {
            return await ask(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw Unreachable(reference, "no answer in time", e);
        }
        catch (HttpRequestException e) when (e.InnerException is ImageException ours)
        {
            throw new ImageException(ours.Kind, ours.Message, e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            var why = e.InnerException?.Message ?? e.Message;
            throw Unreachable(reference, $"TLS failed: {why} (a registry without TLS must be listed as insecure)", e);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(reference, e.InnerException?.Message ?? e.Message, e);
        }
    }

    private static ImageException Unreachable(ImageReference reference, string why, Exception inner) =>
        new(ImageErrorKind.Unreachable, $"registry {reference.Host} cannot be reached: {why}", inner);

    private static ImageException Failure(ImageReference reference, HttpStatusCode status) => (int)status switch
    {
        404 => new ImageException(
            ImageErrorKind.NotFound,
            $"No such image: {reference} (the registry {reference.Host} has no such repository or tag)"),
        401 or 403 => Denied(reference, status),
        429 or >= 500 => new ImageException(
            ImageErrorKind.Unreachable,
            $"registry {reference.Host} answered {(int)status} for {reference}; try again later"),
        _ => ImageException.Invalid($"registry {reference.Host} answered {(int)status} for {reference}"),
    };

    private static ImageException Denied(ImageReference reference, HttpStatusCode status) => new(
        ImageErrorKind.Denied,
        $"pull access denied for {reference}: the repository does not exist or wants credentials "
        + $"(status {(int)status})");
}
