using Swarm.Rpc.Wire;

namespace Swarm.Rpc;

/// <summary>What a channel takes at most, and how long it waits.</summary>
public sealed record RpcChannelOptions
{
    /// <summary>Of one message, both ways, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = Limits.MaxMessageBytes;

    /// <summary>Calls in flight; one more is refused with RESOURCE_EXHAUSTED.</summary>
    public int MaxCalls { get; init; } = 16_384;

    /// <summary>For name look-up, connect and TLS handshake together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A connection without calls is closed after this time; below the server's.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For a message that has begun to arrive.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromMilliseconds(Limits.MessageTimeoutMs);

    /// <summary>Silence, while calls are open, after which the channel pings.</summary>
    public TimeSpan KeepAlivePingDelay { get; init; } = TimeSpan.FromMilliseconds(Limits.KeepAlivePingDelayMs);

    /// <summary>Without an answer to the ping for this time the connection is gone: UNAVAILABLE.</summary>
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromMilliseconds(Limits.KeepAlivePingTimeoutMs);
}
