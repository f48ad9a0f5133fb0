using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// Answers the challenges of registries and remembers the answers per repository. Credentials go to their registry and
/// to the token service that <see cref="RegistryAddress.MayHaveCredentials"/> allows, and nowhere else.
/// </summary>
internal sealed class RegistryAuthorization(RegistryOptions options, GuardedConnections connections)
{
    private const int MaxTokenAnswerBytes = 1 << 20;
    private const int DefaultTokenSeconds = 60;
    private const int TokenMarginSeconds = 10;
    private const int MaxRemembered = 1000;
    private readonly ConcurrentDictionary<(string Host, string Repository), Remembered> _remembered = new();

    private sealed record Remembered(AuthenticationHeaderValue Header, DateTimeOffset Until);

    /// <summary>The header that worked before, or null.</summary>
    internal AuthenticationHeaderValue? Known(ImageReference reference) =>
        _remembered.TryGetValue((reference.Host, reference.Repository), out var known)
            && known.Until > DateTimeOffset.UtcNow ? known.Header : null;

    /// <summary>A header that answers the 401; null when there is nothing (more) that could be tried.</summary>
    internal async Task<AuthenticationHeaderValue?> AnswerAsync(
        ImageReference reference, Uri registry, HttpResponseMessage unauthorized, CancellationToken ct)
    {
        var challenges = unauthorized.Headers.WwwAuthenticate
            .Select(h => AuthChallenge.Parse(h.Scheme, h.Parameter)).ToList();
        var answer = challenges.Find(c => c.IsBearer) is { } bearer
            ? await TokenAsync(reference, registry, bearer, ct).ConfigureAwait(false)
            : challenges.Exists(c => c.IsBasic) && options.Credentials(reference.Host) is { } credentials
                ? new Remembered(Basic(credentials), DateTimeOffset.MaxValue)
                : null;
        if (answer is null)
            return null;
        if (_remembered.Count >= MaxRemembered)
            _remembered.Clear();
        _remembered[(reference.Host, reference.Repository)] = answer;
        return answer.Header;
    }

    private async Task<Remembered> TokenAsync(
        ImageReference reference, Uri registry, AuthChallenge challenge, CancellationToken ct)
    {
        if (!Uri.TryCreate(challenge.Parameters.GetValueOrDefault("realm"), UriKind.Absolute, out var realm)
            || (realm.Scheme != Uri.UriSchemeHttps
                && (realm.Scheme != Uri.UriSchemeHttp || registry.Scheme != Uri.UriSchemeHttp)))
            throw new ImageException(
                ImageErrorKind.Denied, $"registry {reference.Host} names no token service that may be asked");
        using var request = new HttpRequestMessage(HttpMethod.Get, WithQuery(realm, reference, challenge));
        if (options.Credentials(reference.Host) is { } credentials)
        {
            request.Headers.Authorization = RegistryAddress.MayHaveCredentials(registry, realm)
                ? Basic(credentials)
                : throw new ImageException(
                    ImageErrorKind.Denied,
                    $"registry {reference.Host} wants its password sent to {realm.Authority}, which is refused");
        }

        using var response = await connections.For(registry, realm)
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new ImageException(
                (int)response.StatusCode >= 500 ? ImageErrorKind.Unreachable : ImageErrorKind.Denied,
                $"pull access denied for {reference}: the token service {realm.Authority} answered "
                + $"{(int)response.StatusCode}");
        var body = await BoundedBody.ReadAsync(response, MaxTokenAnswerBytes, options.StallTimeout, ct)
            .ConfigureAwait(false);
        return Token(body, realm);
    }

    private static Remembered Token(byte[] body, Uri realm)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var token = json.RootElement.TryGetProperty("token", out var t) ? t.GetString()
                : json.RootElement.TryGetProperty("access_token", out t) ? t.GetString() : null;
            var seconds = json.RootElement.TryGetProperty("expires_in", out var e) ? e.GetInt32() : DefaultTokenSeconds;
            if (!string.IsNullOrEmpty(token))
                return new Remembered(
                    new AuthenticationHeaderValue("Bearer", token),
                    DateTimeOffset.UtcNow.AddSeconds(Math.Clamp(seconds, 0, 3600) - TokenMarginSeconds));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ImageException(
                ImageErrorKind.Denied, $"the token service {realm.Authority} answers without a token", e);
        }

        throw new ImageException(ImageErrorKind.Denied, $"the token service {realm.Authority} answers without a token");
    }

    private static Uri WithQuery(Uri realm, ImageReference reference, AuthChallenge challenge)
    {
        var service = challenge.Parameters.GetValueOrDefault("service");
        var query = "scope=" + Uri.EscapeDataString($"repository:{reference.Repository}:pull")
            + (service is null ? "" : "&service=" + Uri.EscapeDataString(service));
        return new UriBuilder(realm) { Query = realm.Query.Length > 1 ? realm.Query[1..] + "&" + query : query }.Uri;
    }

    private static AuthenticationHeaderValue Basic(RegistryCredentials credentials) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}")));
}
