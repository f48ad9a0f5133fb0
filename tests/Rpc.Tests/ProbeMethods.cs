using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests;

internal static class ProbeMethods
{
    public static readonly RpcMethod<Note, Note> Echo = Of("Echo");
    public static readonly RpcMethod<Note, Note> Count = Of("Count");
    public static readonly RpcMethod<Note, Note> Sum = Of("Sum");
    public static readonly RpcMethod<Note, Note> Chat = Of("Chat");

    public static RpcMethod<Note, Note> Of(string name) =>
        RpcMethod<Note, Note>.Of(ProbeReflection.Descriptor.Services[0], name);

    public static RpcMethod<Note, Note> Door(string name) =>
        RpcMethod<Note, Note>.Of(ProbeReflection.Descriptor.Services[1], name);
}
