namespace Swarm.Rpc.Server;

/// <summary>A handler as it was registered, not yet compared with the descriptor.</summary>
internal sealed record Registration(
    string Method, RpcKind Kind, Type Request, Type Response, Func<ServerCall, Task> Invoke);
