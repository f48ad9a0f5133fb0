namespace Swarm.Rpc;

/// <summary>The answers of a streaming call. The seam between handlers and the wire: tests hand in a list.</summary>
public interface IResponseStream<in T>
{
    /// <summary>Sends one message and waits while the caller does not read. One write at a time.</summary>
    /// <exception cref="OperationCanceledException">The call has ended.</exception>
    public ValueTask WriteAsync(T message, CancellationToken ct = default);
}
