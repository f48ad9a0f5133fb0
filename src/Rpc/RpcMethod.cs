using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Swarm.Rpc;

/// <summary>One method of a service with its message types; made once and kept in a static field.</summary>
public sealed class RpcMethod<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private RpcMethod(MethodDescriptor descriptor)
    {
        Descriptor = descriptor;
        Kind = RpcKinds.Of(descriptor);
        Path = RpcKinds.PathOf(descriptor);
        ResponseParser = (MessageParser<TResponse>)descriptor.OutputType.Parser;
    }

    public MethodDescriptor Descriptor { get; }

    public RpcKind Kind { get; }

    /// <summary><c>/package.Service/Method</c>.</summary>
    public string Path { get; }

    internal MessageParser<TResponse> ResponseParser { get; }

    /// <exception cref="ArgumentException">The service has no such method, or its messages are others.</exception>
    [SuppressMessage("Design", "CA1000", Justification = "The types belong to the method: they are named anyway.")]
    public static RpcMethod<TRequest, TResponse> Of(ServiceDescriptor service, string name)
    {
        ArgumentNullException.ThrowIfNull(service);
        MethodDescriptor method = service.FindMethodByName(name)
            ?? throw new ArgumentException($"{service.FullName} has no method {name}", nameof(name));
        return RpcKinds.TypeFault(method, typeof(TRequest), typeof(TResponse)) is { } fault
            ? throw new ArgumentException(fault, nameof(name))
            : new RpcMethod<TRequest, TResponse>(method);
    }

    internal void Require(RpcKind kind)
    {
        if (Kind != kind)
        {
            throw new InvalidOperationException($"{Path} is declared as {Kind}, not {kind}");
        }
    }
}
