namespace Swarm.Rpc;

/// <summary>
/// The outcome of a call that did not succeed. Thrown by a handler it travels to the caller as it is; thrown by a
/// channel it is what the peer said, or what this side found out about the connection.
/// </summary>
public sealed class RpcException : Exception
{
    /// <param name="code">Any code but <see cref="RpcStatusCode.OK"/>.</param>
    /// <param name="message">One line for a person; cut on the wire at
    /// <see cref="Wire.StatusHeaders.MaxMessageBytes"/> bytes.</param>
    /// <param name="details">A serialised message that both sides agree on, at most
    /// <see cref="Wire.StatusHeaders.MaxDetailsBytes"/> bytes (longer ones are left out on the wire).</param>
    public RpcException(RpcStatusCode code, string message, byte[]? details = null)
        : this(code, message, details, null)
    {
    }

    internal RpcException(RpcStatusCode code, string message, byte[]? details, Exception? inner)
        : base(message, inner)
    {
        Code = code == RpcStatusCode.OK ? RpcStatusCode.Internal : code;
        Details = details;
    }

    /// <summary>No connection came about: nothing was asked.</summary>
    public static RpcException NotSent(string message) =>
        new(RpcStatusCode.Unavailable, message, null, null) { NeverSent = true };

    public RpcStatusCode Code { get; }

    /// <summary>The bytes of <c>grpc-status-details-bin</c>; null when there are none.</summary>
    public byte[]? Details { get; }

    /// <summary>No connection came about, so the peer has certainly not seen the call: it may be made again.</summary>
    public bool NeverSent { get; internal init; }
}
