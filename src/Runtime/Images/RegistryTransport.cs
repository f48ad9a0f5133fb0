using System.Net;
using System.Net.Http.Headers;

namespace Swarm.Runtime.Images;

/// <summary>Requests to a registry with authentication, and redirects followed by hand under our rules.</summary>
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
        ImageReference reference, RegistryRequest request, CancellationToken ct)
    {
        var response = await AskAsync(reference, request, ct).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.OK
            || (request.From > 0 && response.StatusCode is HttpStatusCode.PartialContent))
            return response;
        using (response)
            throw RegistryFailures.Of(reference, response.StatusCode, request.Actions);
    }

    /// <summary>The answer, whatever its status, after authentication and redirects.</summary>
    /// <exception cref="ImageException">There is none, or the registry takes no credentials that we have.</exception>
    internal async Task<HttpResponseMessage> AskAsync(
        ImageReference reference, RegistryRequest request, CancellationToken ct)
    {
        var registry = RegistryAddress.Base(reference.Host, _options.InsecureHosts);
        var header = _authorization.Known(reference, request.Actions);
        var response = await FollowAsync(reference, registry, request, header, ct).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
            return response;
        using (response)
        {
            header = await GuardAsync(
                reference, _options.StallTimeout,
                limit => _authorization.AnswerAsync(reference, registry, response, request.Actions, limit), ct)
                .ConfigureAwait(false);
        }

        if (header is null)
            throw RegistryFailures.Denied(reference, HttpStatusCode.Unauthorized, request.Actions);
        return await FollowAsync(reference, registry, request, header, ct).ConfigureAwait(false);
    }

    /// <summary>Asks whether the registry takes the credentials.</summary>
    /// <exception cref="ImageException">It does not, or cannot be reached.</exception>
    internal Task CheckCredentialsAsync(string host, RegistryCredentials credentials, CancellationToken ct)
    {
        var anything = ImageReference.Parse(host == ImageReference.DefaultHost ? "library/login" : host + "/login");
        var registry = RegistryAddress.Base(host, _options.InsecureHosts);
        return GuardAsync(
            anything, _options.StallTimeout,
            async limit =>
            {
                await _authorization.CheckAsync(host, registry, credentials, limit).ConfigureAwait(false);
                return true;
            },
            ct);
    }

    /// <summary>Forgets tokens of a registry whose credentials changed.</summary>
    internal void Forget(string host) => _authorization.Forget(host);

    public void Dispose() => _connections.Dispose();

    private async Task<HttpResponseMessage> FollowAsync(
        ImageReference reference, Uri registry, RegistryRequest request, AuthenticationHeaderValue? header,
        CancellationToken ct)
    {
        var target = request.Address ?? new Uri(registry, $"{reference.Repository}/{request.Path}");
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            var response = await SendAsync(reference, registry, target, request, header, ct).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                return response;
            using (response)
                target = Redirect(reference, registry, target, response.Headers.Location);
            if (request.Content is not null)
                throw ImageException.Invalid($"registry {reference.Host} redirects an upload, which is not followed");
        }

        throw new ImageException(
            ImageErrorKind.Invalid, $"registry {reference.Host} redirects more than {MaxRedirects} times");
    }

    /// <summary>Where the registry sends us, if we go there.</summary>
    /// <exception cref="ImageException">It is no address that is followed.</exception>
    internal static Uri Redirect(ImageReference reference, Uri registry, Uri from, Uri? location)
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

    /// <summary>A body has the time that the slowest acceptable rate gives it.</summary>
    private Task<HttpResponseMessage> SendAsync(
        ImageReference reference, Uri registry, Uri target, RegistryRequest request,
        AuthenticationHeaderValue? header, CancellationToken ct) => GuardAsync(
            reference,
            _options.StallTimeout + TimeSpan.FromSeconds(request.ContentBytes / (double)_options.MinBytesPerSecond),
            async limit =>
            {
                using var message = new HttpRequestMessage(request.Method, target);
                message.Content = request.Content?.Invoke();
                foreach (var type in request.Accept)
                {
                    message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
                }

                if (request.From > 0)
                    message.Headers.Range = new RangeHeaderValue(request.From, null);
                if (RegistryAddress.IsSameOrigin(registry, target))
                    message.Headers.Authorization = header;
                return await _connections.For(registry, target)
                    .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
            },
            ct);

    /// <summary>Bounds the wait for an answer, and turns network failures into one line.</summary>
    private static async Task<T> GuardAsync<T>(
        ImageReference reference, TimeSpan within, Func<CancellationToken, Task<T>> ask, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(within);
        try
        {
            return await ask(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw RegistryFailures.Unreachable(reference, "no answer in time", e);
        }
        catch (HttpRequestException e)
        {
            throw RegistryFailures.Of(reference, e);
        }
    }
}
