using System.Net;
using Swarm.Protocol.V1;
using Swarm.RoutingMesh.Core;

namespace Swarm.Worker;

/// <summary>The published services as the leader described them in complete and incremental updates.</summary>
internal sealed class MeshBook
{
    private readonly SortedDictionary<string, MeshService> _services = new(StringComparer.Ordinal);

    /// <summary>Of the last update taken.</summary>
    internal ulong Version { get; private set; }

    internal void Take(MeshUpdate update)
    {
        if (update.Complete)
        {
            _services.Clear();
        }

        foreach (var service in update.Services)
        {
            _services[service.ServiceId] = service;
        }

        foreach (var gone in update.RemovedServiceIds)
        {
            _services.Remove(gone);
        }

        Version = update.Version;
    }

    internal IEnumerable<PublishedService> Services() => _services.Values.SelectMany(
        service => service.Ports.Where(p => p.PublishedPort != 0).Select(port => new PublishedService(
            service.ServiceId, Protocol(port), (ushort)port.PublishedPort, PublishMode.Ingress,
            [.. service.Backends.Select(b => new RoutingMesh.Core.MeshBackend(
                IPAddress.Parse(b.Address), (ushort)port.TargetPort))])));

    /// <summary>The first of these ports that a service has on every node, in words; null when there is none.</summary>
    internal string? Taken(IReadOnlyCollection<PortConfig> ports)
    {
        foreach (var port in ports)
        {
            var holder = _services.Values.FirstOrDefault(service => service.Ports.Any(
                p => p.PublishedPort == port.PublishedPort && Protocol(p) == Protocol(port)));
            if (holder is not null)
            {
                return $"port {Text(port)} is published by service {holder.ServiceId} on every node already; use "
                    + "another, or remove it from the service";
            }
        }

        return null;
    }

    /// <summary>A published port as people write it: 80/tcp.</summary>
    internal static string Text(PortConfig port) =>
        $"{port.PublishedPort}/{port.Protocol.ToString().ToLowerInvariant()}";

    internal static MeshProtocol Protocol(PortConfig port) =>
        port.Protocol == PortConfig.Types.Protocol.Udp ? MeshProtocol.Udp : MeshProtocol.Tcp;
}
