using Google.Protobuf;
using Google.Protobuf.Reflection;
using Swarm.Rpc.Server;

namespace Swarm.Rpc;

/// <summary>
/// The handlers of one service. Nothing is checked here: <see cref="RpcServer.StartAsync"/> tells all faults of all
/// services at once.
/// </summary>
public sealed class RpcService(ServiceDescriptor descriptor)
{
    private readonly List<Registration> _registrations = [];

    public ServiceDescriptor Descriptor { get; } = descriptor;

    internal IReadOnlyList<Registration> Registrations => _registrations;

    public RpcService Unary<TRequest, TResponse>(string method, Func<TRequest, CallContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add<TRequest, TResponse>(RpcKind.Unary, method, async call =>
        {
            TRequest request = await call.ReadSingleAsync<TRequest>().ConfigureAwait(false);
            call.WriteSingle(await handler(request, call.Context).ConfigureAwait(false));
        });

    public RpcService ServerStream<TRequest, TResponse>(
        string method, Func<TRequest, IResponseStream<TResponse>, CallContext, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add<TRequest, TResponse>(RpcKind.ServerStream, method, async call =>
        {
            TRequest request = await call.ReadSingleAsync<TRequest>().ConfigureAwait(false);
            await handler(request, new ResponseStream<TResponse>(call), call.Context).ConfigureAwait(false);
        });

    public RpcService ClientStream<TRequest, TResponse>(
        string method, Func<IAsyncEnumerable<TRequest>, CallContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add<TRequest, TResponse>(RpcKind.ClientStream, method, async call =>
            call.WriteSingle(await handler(call.ReadAllAsync<TRequest>(), call.Context).ConfigureAwait(false)));

    public RpcService Duplex<TRequest, TResponse>(
        string method, Func<IAsyncEnumerable<TRequest>, IResponseStream<TResponse>, CallContext, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add<TRequest, TResponse>(RpcKind.Duplex, method, call =>
            handler(call.ReadAllAsync<TRequest>(), new ResponseStream<TResponse>(call), call.Context));

    private RpcService Add<TRequest, TResponse>(RpcKind kind, string method, Func<ServerCall, Task> invoke)
    {
        _registrations.Add(new Registration(method, kind, typeof(TRequest), typeof(TResponse), invoke));
        return this;
    }
}
