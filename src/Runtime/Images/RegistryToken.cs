using System.Net.Http.Headers;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>A header that a registry accepts, and until when.</summary>
internal sealed record RegistryToken(AuthenticationHeaderValue Header, DateTimeOffset Until)
{
    private const int DefaultSeconds = 60;
    private const int MaxSeconds = 3600;
    private const int MarginSeconds = 10;

    /// <summary>The token in the answer of a token service (Docker token authentication).</summary>
    /// <exception cref="ImageException">There is none.</exception>
    internal static RegistryToken Parse(byte[] body, Uri realm, DateTimeOffset now)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            var token = root.TryGetProperty("token", out var t) ? t.GetString()
                : root.TryGetProperty("access_token", out t) ? t.GetString() : null;
            var seconds = root.TryGetProperty("expires_in", out var e) ? e.GetInt32() : DefaultSeconds;
            if (!string.IsNullOrEmpty(token))
                return new RegistryToken(
                    new AuthenticationHeaderValue("Bearer", token),
                    now.AddSeconds(Math.Clamp(seconds, 0, MaxSeconds) - MarginSeconds));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ImageException(
                ImageErrorKind.Denied, $"the token service {realm.Authority} answers without a token", e);
        }

        throw new ImageException(ImageErrorKind.Denied, $"the token service {realm.Authority} answers without a token");
    }
}
