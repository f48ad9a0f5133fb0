using System.Buffers;

namespace Swarm.Rpc.Wire;

/// <summary>
/// What may be metadata: keys of lower-case letters, digits, <c>_ - .</c>, not reserved by HTTP or gRPC; values of
/// printable ASCII. Values of keys that end in <c>-bin</c> are base64, here and on the wire.
/// </summary>
internal static class MetadataRules
{
    private static readonly SearchValues<char> KeyChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.");

    private static readonly SearchValues<char> ValueChars = SearchValues.Create(
        string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)));

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "te", "content-type", "content-length", "user-agent", "host", "connection", "transfer-encoding", "upgrade",
        "keep-alive", "proxy-connection", "date", "server", "trailer", "accept-encoding", "expect",
    };

    /// <summary>Whether a header of the peer is metadata of the application.</summary>
    public static bool IsMetadata(string key) =>
        !key.StartsWith(':') && !key.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
        && !Reserved.Contains(key);

    /// <exception cref="ArgumentException">Key or value cannot travel.</exception>
    public static void Check(string key, string value)
    {
        if (key.Length == 0 || key.AsSpan().ContainsAnyExcept(KeyChars) || !IsMetadata(key))
        {
            throw new ArgumentException(
                $"metadata key \"{key}\" is refused: lower-case letters, digits and _-. only, no reserved name");
        }
        if (value.AsSpan().ContainsAnyExcept(ValueChars))
        {
            throw new ArgumentException(
                $"the value of metadata key \"{key}\" is refused: "
                + "printable ASCII only (base64 for keys ending in -bin)");
        }
    }

    /// <exception cref="ArgumentException">A key or value cannot travel, or all together are too large.</exception>
    public static void Check(IReadOnlyDictionary<string, string> metadata)
    {
        int bytes = 0;
        foreach ((string key, string value) in metadata)
        {
            Check(key, value);
            bytes += key.Length + value.Length;
        }
        if (bytes > Limits.MaxMetadataBytes)
        {
            throw new ArgumentException(
                $"metadata of {bytes} bytes is larger than the limit of {Limits.MaxMetadataBytes} bytes");
        }
    }
}
