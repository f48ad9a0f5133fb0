using Swarm.Rpc.Wire;

namespace Swarm.Rpc;

/// <summary>What one server takes at most.</summary>
public sealed record RpcServerLimits
{
    /// <summary>Of one message, both ways, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = Limits.MaxMessageBytes;

    /// <summary>Of one request message of a caller with role ANYONE, in bytes.</summary>
    public int MaxAnonymousMessageBytes { get; init; } = Limits.MaxAnonymousMessageBytes;

    /// <summary>Open calls on one connection; a channel opens another connection beyond.</summary>
    public int MaxStreamsPerConnection { get; init; } = 1024;

    /// <summary>Open connections of one TCP endpoint.</summary>
    public int MaxTcpConnections { get; init; } = 4096;

    /// <summary>Open TCP connections from one address, so that one host cannot take all.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 1024;

    /// <summary>Open connections of one unix socket.</summary>
    public int MaxUnixConnections { get; init; } = 256;

    /// <summary>In messages that have begun and are incomplete, of one address or unix socket, in bytes.</summary>
    public long MaxIncompleteBytesPerAddress { get; init; } = 64L * 1024 * 1024;

    /// <summary>From accept to the end of the TLS handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection without any call is closed after this time.</summary>
    public TimeSpan IdleConnectionTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>For a request message that has begun; for the only request of a call from the call's start.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromMilliseconds(Limits.MessageTimeoutMs);

    /// <summary>A call whose reader takes nothing for this time is ended with ABORTED.</summary>
    public TimeSpan StalledWriteTimeout { get; init; } = TimeSpan.FromMilliseconds(Limits.StalledWriteTimeoutMs);

    /// <summary>Silence after which the server pings.</summary>
    public TimeSpan KeepAlivePingDelay { get; init; } = TimeSpan.FromMilliseconds(Limits.KeepAlivePingDelayMs);

    /// <summary>Without an answer to the ping for this time the connection is gone.</summary>
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromMilliseconds(Limits.KeepAlivePingTimeoutMs);
}
