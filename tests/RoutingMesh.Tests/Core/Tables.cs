using System.Net;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Tests.Core;

/// <summary>Short ways to write tables in tests.</summary>
internal static class Tables
{
    public static readonly NodeRules Node = new(
        "swarm0", "swarmvx0", IPNetwork.Parse("10.88.1.0/24"), IPNetwork.Parse("10.88.0.0/16"), 4789, [2377]);

    public static MeshBackend Backend(string text)
    {
        var at = text.LastIndexOf(':');
        return new MeshBackend(
            IPAddress.Parse(text[..at]),
            ushort.Parse(text[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    public static PublishedService Tcp(ushort port, params string[] backends) =>
        Service(MeshProtocol.Tcp, port, backends);

    public static PublishedService Udp(ushort port, params string[] backends) =>
        Service(MeshProtocol.Udp, port, backends);

    public static MeshTable Mesh(params PublishedService[] services) => new(1, services);

    public static RoutingTable Routing(params PublishedService[] services) => RoutingTable.From(Mesh(services), Node);

    private static PublishedService Service(MeshProtocol protocol, ushort port, string[] backends) =>
        new($"service-{protocol}-{port}", protocol, port, PublishMode.Ingress, [.. backends.Select(Backend)]);
}
