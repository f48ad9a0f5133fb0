using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>Which published ports belong to which service.</summary>
public static class ServicePorts
{
    /// <summary>Published on every node; what is unspecified is.</summary>
    public static bool IsIngress(this PortConfig port) =>
        port.PublishMode != PortConfig.Types.PublishMode.Host;

    /// <summary>Ports of a spec with the given mode and a number of their own.</summary>
    public static IEnumerable<PortKey> Named(ServiceSpec spec, bool ingress) =>
        spec.Endpoint is not { Ports.Count: > 0 } endpoint
            ? []
            : endpoint.Ports.Where(p => p.PublishedPort != 0 && p.IsIngress() == ingress).Select(PortKey.Of);

    /// <summary>Ingress ports that nobody else may have: those asked for and those allocated.</summary>
    private static IEnumerable<PortKey> Claimed(ServiceRecord? service) => service is null or { Removing: true }
        ? []
        : Named(service.Spec, ingress: true)
            .Concat(service.Ports.Where(p => p.PublishedPort != 0 && p.IsIngress()).Select(PortKey.Of))
            .Distinct();

    /// <summary>The first port that another service stands in the way of; null when there is none.</summary>
    internal static ActionOutcome? Clash(StateDraft draft, ServiceId self, ServiceSpec spec)
    {
        foreach (var port in Named(spec, ingress: true))
        {
            if (Owner(draft, self, port) is { } owner)
            {
                return Taken(port, owner, "an ingress");
            }
        }

        foreach (var port in Named(spec, ingress: false))
        {
            if (Owner(draft, self, port) is { } owner)
            {
                return Taken(port, owner, "an ingress");
            }
        }

        foreach (var port in Named(spec, ingress: true))
        {
            foreach (var other in draft.HostModePorts.GetValueOrDefault(port, []).Where(id => id != self))
            {
                return Taken(port, draft.Service(other)!, "a host-mode");
            }
        }

        return null;
    }

    /// <summary>The index of ingress ports after a service changed.</summary>
    internal static ImmutableSortedDictionary<PortKey, ServiceId> Moved(
        ImmutableSortedDictionary<PortKey, ServiceId> ports, ServiceRecord? old, ServiceRecord? record)
    {
        if (HasNone(old) && HasNone(record))
        {
            return ports;
        }

        ports = Claimed(old).Aggregate(ports, (left, port) => left.Remove(port));
        return Claimed(record).Aggregate(ports, (all, port) => all.SetItem(port, record!.Id));
    }

    /// <summary>The index of host-mode ports after a service changed.</summary>
    internal static ImmutableSortedDictionary<PortKey, ImmutableSortedSet<ServiceId>> Moved(
        ImmutableSortedDictionary<PortKey, ImmutableSortedSet<ServiceId>> ports, ServiceRecord? old,
        ServiceRecord? record)
    {
        if (HasNone(old) && HasNone(record))
        {
            return ports;
        }

        var (from, to) = (HostMode(old), HostMode(record));
        foreach (var port in from.Except(to))
        {
            var left = ports[port].Remove(old!.Id);
            ports = left.IsEmpty ? ports.Remove(port) : ports.SetItem(port, left);
        }

        foreach (var port in to.Except(from))
        {
            ports = ports.SetItem(port, ports.GetValueOrDefault(port, []).Add(record!.Id));
        }

        return ports;
    }

    private static bool HasNone(ServiceRecord? service) =>
        service is null or { Spec.Endpoint: null or { Ports.Count: 0 }, Ports.IsEmpty: true };

    private static List<PortKey> HostMode(ServiceRecord? service) =>
        service is null or { Removing: true } ? [] : [.. Named(service.Spec, ingress: false)];

    internal static ServiceRecord? Owner(StateDraft draft, ServiceId self, PortKey port) =>
        draft.IngressPorts.TryGetValue(port, out var owner) && owner != self ? draft.Service(owner) : null;

    internal static ActionOutcome Taken(PortKey port, ServiceRecord owner, string kind) => ActionOutcome.Refused(
        RefusalKind.PortInUse,
        $"port '{port.Port}' is already in use by service '{owner.Spec.Name}' ({owner.Id}) as {kind} port; "
        + "publish another one or remove that service");
}
