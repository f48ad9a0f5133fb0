namespace Swarm.Rpc;

/// <summary>Options of one call.</summary>
public sealed record CallOptions
{
    /// <summary>From now; travels to the server as well. Null: none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Keys in lower case; see <see cref="CallContext.Metadata"/>.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Filled with what the server sent along; one object for one call.</summary>
    public ResponseMetadata? Response { get; init; }
}

/// <summary>The server's metadata of one call.</summary>
public sealed class ResponseMetadata
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>Known when the first message has been read, or the call has ended.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; internal set; } = None;

    /// <summary>Known when the call has ended.</summary>
    public IReadOnlyDictionary<string, string> Trailers { get; internal set; } = None;
}
