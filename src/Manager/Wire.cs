using Google.Protobuf.Reflection;
using Swarm.Protocol.V1;

namespace Swarm.Manager;

/// <summary>The services of the wire that this project serves or calls, by name.</summary>
internal static class Wire
{
    internal static readonly ServiceDescriptor NodeCa = Service(ClusterReflection.Descriptor, "NodeCa");
    internal static readonly ServiceDescriptor RaftPeer = Service(ClusterReflection.Descriptor, "RaftPeer");
    internal static readonly ServiceDescriptor Dispatcher = Service(DispatcherReflection.Descriptor, "Dispatcher");

    private static ServiceDescriptor Service(FileDescriptor file, string name) =>
        file.Services.Single(s => s.Name == name);
}
