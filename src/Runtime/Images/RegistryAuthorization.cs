using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Swarm.Runtime.Images;

/// <summary>
/// Answers the challenges of registries and remembers the answers per repository. Credentials go to their registry and
/// to the token service that <see cref="RegistryAddress.MayHaveCredentials"/> allows, and nowhere else.
/// </summary>
internal sealed class RegistryAuthorization(RegistryOptions options, GuardedConnections connections)
{
    private const int MaxTokenAnswerBytes = 1 << 20;
    private const int MaxRemembered = 1000;
    private readonly ConcurrentDictionary<Scope, RegistryToken> _remembered = new();

    /// <param name="Given">Who was given credentials uses no answer that others' brought, nor they his.</param>
    private readonly record struct Scope(string Host, string Repository, string Actions, RegistryCredentials? Given)
    {
        internal static Scope Of(ImageReference reference, string actions) =>
            new(reference.Host, reference.Repository, actions, reference.Credentials);
    }

    /// <summary>The header that worked before, or null.</summary>
    internal AuthenticationHeaderValue? Known(ImageReference reference, string actions) =>
        _remembered.TryGetValue(Scope.Of(reference, actions), out var known)
            && known.Until > DateTimeOffset.UtcNow ? known.Header : null;

    /// <summary>Credentials of the registry have changed: what was got with the old ones is not used again.</summary>
    internal void Forget(string host)
    {
        foreach (var scope in _remembered.Keys.Where(s => s.Host == host))
        {
            _remembered.TryRemove(scope, out _);
        }
    }

    /// <summary>A header that answers the 401; null when there is nothing (more) that could be tried.</summary>
    internal async Task<AuthenticationHeaderValue?> AnswerAsync(
        ImageReference reference, Uri registry, HttpResponseMessage unauthorized, string actions,
        CancellationToken ct)
    {
        var credentials = reference.Credentials ?? options.Credentials(reference.Host);
        var answer = Bearer(unauthorized) is { } bearer
            ? await TokenAsync(
                reference.Host, registry, bearer, $"repository:{reference.Repository}:{actions}", credentials, ct)
                .ConfigureAwait(false)
            : WantsBasic(unauthorized) && credentials is not null
                ? new RegistryToken(Basic(credentials), DateTimeOffset.MaxValue)
                : null;
        if (answer is null)
            return null;
        if (_remembered.Count >= MaxRemembered)
            _remembered.Clear();
        _remembered[Scope.Of(reference, actions)] = answer;
        return answer.Header;
    }

    /// <summary>Returns when the registry takes the credentials.</summary>
    /// <exception cref="ImageException">It does not, or asks for them in a way that is refused.</exception>
    internal async Task CheckAsync(string host, Uri registry, RegistryCredentials credentials, CancellationToken ct)
    {
        using var first = await GetAsync(registry, null, ct).ConfigureAwait(false);
        if (first.StatusCode == HttpStatusCode.OK)
            throw ImageException.Invalid($"registry {host} asks for no credentials; nothing was stored");
        if (first.StatusCode != HttpStatusCode.Unauthorized)
            throw ImageException.Invalid($"{host} answers {(int)first.StatusCode}: it seems to be no registry");
        var header = Bearer(first) is { } bearer
            ? (await TokenAsync(host, registry, bearer, scope: null, credentials, ct).ConfigureAwait(false)).Header
            : WantsBasic(first)
                ? Basic(credentials)
                : throw ImageException.Invalid($"registry {host} asks for another authentication than Bearer or Basic");
        using var second = await GetAsync(registry, header, ct).ConfigureAwait(false);
        if (second.StatusCode != HttpStatusCode.OK)
            throw WrongPassword(host);
    }

    private static AuthChallenge? Bearer(HttpResponseMessage unauthorized) =>
        Challenges(unauthorized).FirstOrDefault(c => c.IsBearer);

    private static bool WantsBasic(HttpResponseMessage unauthorized) =>
        Challenges(unauthorized).Any(c => c.IsBasic);

    private static IEnumerable<AuthChallenge> Challenges(HttpResponseMessage unauthorized) =>
        unauthorized.Headers.WwwAuthenticate.Select(h => AuthChallenge.Parse(h.Scheme, h.Parameter));

    private static ImageException WrongPassword(string host) => new(
        ImageErrorKind.Denied, $"login to {host} failed: unauthorized: incorrect username or password");

    private async Task<HttpResponseMessage> GetAsync(
        Uri registry, AuthenticationHeaderValue? header, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, registry);
        request.Headers.Authorization = header;
        return await connections.For(registry, registry)
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
    }

    /// <param name="host">The registry.</param>
    /// <param name="registry">Its address.</param>
    /// <param name="challenge">What it asks for.</param>
    /// <param name="scope">What the token is for; null = only whether the credentials are right.</param>
    /// <param name="credentials">Of the registry, if there are any.</param>
    /// <param name="ct">Gives up.</param>
    private async Task<RegistryToken> TokenAsync(
        string host, Uri registry, AuthChallenge challenge, string? scope, RegistryCredentials? credentials,
        CancellationToken ct)
    {
        if (!Uri.TryCreate(challenge.Parameters.GetValueOrDefault("realm"), UriKind.Absolute, out var realm)
            || (realm.Scheme != Uri.UriSchemeHttps
                && (realm.Scheme != Uri.UriSchemeHttp || registry.Scheme != Uri.UriSchemeHttp)))
            throw new ImageException(
                ImageErrorKind.Denied, $"registry {host} names no token service that may be asked");
        using var request = new HttpRequestMessage(HttpMethod.Get, WithQuery(realm, challenge, scope, credentials));
        if (credentials is not null)
        {
            request.Headers.Authorization = RegistryAddress.MayHaveCredentials(registry, realm)
                ? Basic(credentials)
                : throw new ImageException(
                    ImageErrorKind.Denied,
                    $"registry {host} wants its password sent to {realm.Authority}, which is refused");
        }

        using var response = await connections.For(registry, realm)
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Unauthorized && credentials is not null)
            throw WrongPassword(host);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new ImageException(
                (int)response.StatusCode >= 500 ? ImageErrorKind.Unreachable : ImageErrorKind.Denied,
                $"access denied by {host}: the token service {realm.Authority} answered "
                + $"{(int)response.StatusCode}; 'swarmctl login {host}' on this node stores credentials");
        var body = await BoundedBody.ReadAsync(response, MaxTokenAnswerBytes, options.StallTimeout, ct)
            .ConfigureAwait(false);
        return RegistryToken.Parse(body, realm, DateTimeOffset.UtcNow);
    }

    private static Uri WithQuery(
        Uri realm, AuthChallenge challenge, string? scope, RegistryCredentials? credentials)
    {
        (string Name, string? Value)[] all =
        [
            ("account", credentials?.User), ("scope", scope),
            ("service", challenge.Parameters.GetValueOrDefault("service")),
        ];
        var query = string.Join(
            '&', all.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
        return new UriBuilder(realm) { Query = realm.Query.Length > 1 ? realm.Query[1..] + "&" + query : query }.Uri;
    }

    private static AuthenticationHeaderValue Basic(RegistryCredentials credentials) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}")));
}
