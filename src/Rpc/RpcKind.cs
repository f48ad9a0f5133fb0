using Google.Protobuf.Reflection;

namespace Swarm.Rpc;

/// <summary>Which sides of a call stream.</summary>
public enum RpcKind
{
    Unary,
    ServerStream,
    ClientStream,
    Duplex,
}

internal static class RpcKinds
{
    public static RpcKind Of(MethodDescriptor method) => (method.IsClientStreaming, method.IsServerStreaming) switch
    {
        (false, false) => RpcKind.Unary,
        (false, true) => RpcKind.ServerStream,
        (true, false) => RpcKind.ClientStream,
        (true, true) => RpcKind.Duplex,
    };

    public static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    public static string? TypeFault(MethodDescriptor method, Type request, Type response) =>
        method.InputType.ClrType != request || method.OutputType.ClrType != response
            ? $"{PathOf(method)} takes {method.InputType.Name} and answers {method.OutputType.Name}, "
                + $"not {request.Name} and {response.Name}"
            : null;
}
