using Swarm.Rpc.Wire;

namespace Swarm.Rpc;

/// <summary>What a handler knows of its call.</summary>
/// <param name="peer">Decided by the transport.</param>
/// <param name="metadata">The caller's, keys in lower case.</param>
/// <param name="deadline">When the caller stops to wait; null: never.</param>
/// <param name="cancellation">See <see cref="Cancellation"/>.</param>
public sealed class CallContext(
    PeerIdentity peer,
    IReadOnlyDictionary<string, string>? metadata = null,
    DateTimeOffset? deadline = null,
    CancellationToken cancellation = default)
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();
    private Dictionary<string, string>? _headers;
    private Dictionary<string, string>? _trailers;
    private bool _headersSent;

    public PeerIdentity Peer { get; } = peer;

    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata ?? None;

    public DateTimeOffset? Deadline { get; } = deadline;

    /// <summary>Cancelled when the caller cancels or vanishes, at the deadline, when the server stops, and when the
    /// handler has returned (for what it left running).</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    internal IReadOnlyDictionary<string, string> Headers => _headers ?? None;

    internal IReadOnlyDictionary<string, string> SealHeaders()
    {
        _headersSent = true;
        return Headers;
    }

    internal IReadOnlyDictionary<string, string> Trailers => _trailers ?? None;

    /// <summary>Metadata for the caller ahead of the first message.</summary>
    /// <exception cref="ArgumentException">Key or value cannot travel.</exception>
    /// <exception cref="InvalidOperationException">The first message was written already.</exception>
    public void SetHeader(string key, string value)
    {
        if (_headersSent)
            throw new InvalidOperationException($"header {key} comes too late: a message was written already");
        MetadataRules.Check(key, value);
        (_headers ??= new(StringComparer.Ordinal))[key] = value;
    }

    /// <summary>Metadata for the caller together with the status.</summary>
    /// <exception cref="ArgumentException">Key or value cannot travel.</exception>
    public void SetTrailer(string key, string value)
    {
        MetadataRules.Check(key, value);
        (_trailers ??= new(StringComparer.Ordinal))[key] = value;
    }
}
