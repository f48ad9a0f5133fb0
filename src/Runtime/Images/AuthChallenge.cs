namespace Swarm.Runtime.Images;

/// <summary>
/// What a 401 answer asks for: <c>Bearer realm="…",service="…"</c> or Basic (RFC 7235, Docker token authentication).
/// </summary>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    internal bool IsBearer => Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);

    internal bool IsBasic => Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);

    internal static AuthChallenge Parse(string scheme, string? parameters)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var rest = parameters.AsSpan();
        while (rest.IndexOf('=') is > 0 and var equals)
        {
            var key = rest[..equals].Trim(" ,\t").ToString();
            rest = rest[(equals + 1)..].TrimStart();
            var quoted = rest is ['"', ..];
            var end = quoted ? rest[1..].IndexOf('"') + 1 : rest.IndexOf(',');
            if (quoted && end == 0)
                break;
            end = end < 0 ? rest.Length : end;
            values[key] = rest[(quoted ? 1 : 0)..end].Trim().ToString();
            rest = end + 1 < rest.Length ? rest[(end + 1)..] : [];
        }

        return new AuthChallenge(scheme, values);
    }
}
