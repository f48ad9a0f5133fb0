using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Swarm.Rpc;

/// <summary>One method of a service with its message types; made once and kept in a static field.</summary>
public sealed class RpcMethod<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private RpcMethod(RpcKind kind, string path, MessageParser<TResponse> parser) =>
        (Kind, Path, ResponseParser) = (kind, path, parser);

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
            : new(RpcKinds.Of(method), RpcKinds.PathOf(method), (MessageParser<TResponse>)method.OutputType.Parser);
    }

    /// <summary>
    /// For a program that runs for the time of one call: the descriptors of all messages are built when one of them is
    /// asked for, which takes longer than many a call. Nothing is checked here.
    /// </summary>
    /// <param name="service">Full name.</param>
    /// <param name="name">Of the method.</param>
    /// <param name="kind">As declared.</param>
    /// <param name="create">Makes an empty answer.</param>
    [SuppressMessage("Design", "CA1000", Justification = "The types belong to the method: they are named anyway.")]
    public static RpcMethod<TRequest, TResponse> Named(
        string service, string name, RpcKind kind, Func<TResponse> create) =>
        new(kind, $"/{service}/{name}", new MessageParser<TResponse>(create));

    internal void Require(RpcKind kind)
    {
        if (Kind != kind)
        {
            throw new InvalidOperationException($"{Path} is declared as {Kind}, not {kind}");
        }
    }
}
