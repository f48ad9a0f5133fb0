using System.Collections.Immutable;

namespace Swarm.RoutingMesh.Core;

/// <summary>
/// A mesh table made fit for the kernel: one entry per protocol and port, backends sorted and without
/// doubles. The same set of services gives an equal table whatever the order they came in.
/// </summary>
internal sealed class RoutingTable
{
    /// <summary>Most published ports of a node.</summary>
    public const int MaxPorts = 20_000;

    /// <summary>Most backends of one port; one rule holds them all.</summary>
    public const int MaxBackendsPerPort = 4096;

    public static readonly RoutingTable Empty = new([], new List<RefusedEntry>());

    private RoutingTable(
        ImmutableSortedDictionary<PortKey, ImmutableArray<MeshBackend>> ports,
        ImmutableArray<RefusedEntry> refused)
    {
        Ports = ports;
        Refused = refused;
    }

    private RoutingTable(List<KeyValuePair<PortKey, ImmutableArray<MeshBackend>>> ports, List<RefusedEntry> refused)
        : this(ImmutableSortedDictionary.CreateRange(ports), [.. refused])
    {
    }

    /// <summary>Backends of every published port; an empty list means that connections are refused.</summary>
    public ImmutableSortedDictionary<PortKey, ImmutableArray<MeshBackend>> Ports { get; }

    /// <summary>What was left out, with the reason.</summary>
    public ImmutableArray<RefusedEntry> Refused { get; }

    public static RoutingTable From(MeshTable table, NodeRules node)
    {
        var ports = new Dictionary<PortKey, ImmutableArray<MeshBackend>>();
        var owners = new Dictionary<PortKey, string>();
        var refused = new List<RefusedEntry>();
        foreach (var service in table.Services.OrderBy(service => service.ServiceId, StringComparer.Ordinal))
        {
            var key = new PortKey(service.Protocol, service.PublishedPort);
            var reason = Problem(key, node)
                ?? (owners.TryGetValue(key, out var owner) ? $"already published by service {owner}" : null)
                ?? (ports.Count >= MaxPorts ? $"more than {MaxPorts} published ports" : null);
            if (reason is not null)
            {
                refused.Add(new RefusedEntry(service.ServiceId, key, reason));
                continue;
            }

            owners[key] = service.ServiceId;
            ports[key] = Usable(service, key, node, refused);
        }

        return new RoutingTable([.. ports], refused);
    }

    public bool IsBackend(PortKey port, MeshBackend backend) =>
        Ports.TryGetValue(port, out var backends) && backends.BinarySearch(backend) >= 0;

    private static string? Problem(PortKey key, NodeRules node) =>
        key.Port == 0 ? "port 0 cannot be published"
        : node.IsProtected(key) ? "the node itself needs this port"
        : null;

    private static ImmutableArray<MeshBackend> Usable(
        PublishedService service, PortKey key, NodeRules node, List<RefusedEntry> refused)
    {
        var usable = new SortedSet<MeshBackend>();
        foreach (var backend in service.Backends)
        {
            if (!Ipv4.Is(backend.Address) || !node.Pool.Contains(backend.Address) || backend.Port == 0)
                refused.Add(new RefusedEntry(service.ServiceId, key, $"backend {backend} is not in {node.Pool}"));
            else
                usable.Add(backend);
        }

        if (usable.Count > MaxBackendsPerPort)
        {
            var left = usable.Count - MaxBackendsPerPort;
            var reason = $"{left} backends beyond the first {MaxBackendsPerPort} get no traffic";
            refused.Add(new RefusedEntry(service.ServiceId, key, reason));
        }

        return [.. usable.Take(MaxBackendsPerPort)];
    }
}
