namespace Swarm.Rpc.Wire;

/// <summary>Limits that both ends share.</summary>
public static class Limits
{
    /// <summary>The largest message in either direction, in bytes: 4 MiB, as gRPC has by default.</summary>
    public const int MaxMessageBytes = 4 * 1024 * 1024;

    /// <summary>The largest request of a caller without certificate, in bytes.</summary>
    public const int MaxAnonymousMessageBytes = 64 * 1024;

    /// <summary>Keys and values of one call's metadata, in bytes.</summary>
    public const int MaxMetadataBytes = 8 * 1024;

    /// <summary>How long a message that has begun may take to arrive, in milliseconds.</summary>
    public const int MessageTimeoutMs = 30_000;

    /// <summary>How long a peer may leave what is sent to it unread before the call ends, in milliseconds.</summary>
    public const int StalledWriteTimeoutMs = 300_000;

    /// <summary>Silence on a connection after which a ping is sent, in milliseconds.</summary>
    public const int KeepAlivePingDelayMs = 10_000;

    /// <summary>How long the answer to a ping may take, in milliseconds.</summary>
    public const int KeepAlivePingTimeoutMs = 10_000;
}
