using Google.Protobuf;

namespace Swarm.Rpc.Server;

internal sealed class ResponseStream<T>(ServerCall call) : IResponseStream<T>
    where T : class, IMessage<T>
{
    public ValueTask WriteAsync(T message, CancellationToken ct = default) => call.WriteAsync(message, ct);
}
