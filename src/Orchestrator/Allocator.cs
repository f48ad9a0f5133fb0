using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>Gives published ports their numbers; one that was chosen stays over updates (behaviour.md K).</summary>
internal static class Allocator
{
    /// <summary>What stands on tasks that wait for a port.</summary>
    internal static readonly string Exhausted =
        $"no free published port between {SpecDefaults.FirstDynamicPort} and {SpecDefaults.LastDynamicPort}";

    /// <summary>The ports of the spec in force have their numbers.</summary>
    internal static bool IsDone(ServiceRecord service) =>
        service.PortsSpecVersion == service.SpecVersion
        || (service.Ports.IsEmpty && (service.Spec.Endpoint?.Ports.Count ?? 0) == 0);

    internal static void Allocate(ServiceScope scope, IEnumerable<KeyValuePair<PortKey, ServiceId>> promised)
    {
        if (IsDone(scope.Service))
        {
            return;
        }

        var taken = promised.Select(p => p.Key)
            .Concat(scope.State.IngressPorts.Where(p => p.Value != scope.Service.Id).Select(p => p.Key))
            .Concat(ServicePorts.Named(scope.Service.Spec, ingress: true))
            .ToHashSet();
        var ports = ImmutableArray.CreateBuilder<PortConfig>();
        foreach (var wanted in scope.Service.Spec.Endpoint?.Ports ?? [])
        {
            if (wanted.PublishedPort != 0 || !wanted.IsIngress())
            {
                ports.Add(wanted);
                continue;
            }

            if (Choose(scope.Service, wanted, taken) is not { } number)
            {
                return;
            }

            var port = wanted.Clone();
            port.PublishedPort = number;
            taken.Add(PortKey.Of(port));
            ports.Add(port);
        }

        scope.Actions.Add(new StoreAction.SetServicePorts(
            scope.Service.Id, scope.Service.Version, ports.ToImmutable()));
    }

    private static uint? Choose(ServiceRecord service, PortConfig wanted, HashSet<PortKey> taken)
    {
        var key = PortKey.Of(wanted);
        foreach (var before in service.Ports.Where(p => p.IsIngress() && p.TargetPort == wanted.TargetPort))
        {
            var had = PortKey.Of(before);
            if (had.Protocol == key.Protocol && had.Port >= SpecDefaults.FirstDynamicPort && !taken.Contains(had))
            {
                return had.Port;
            }
        }

        for (uint number = SpecDefaults.FirstDynamicPort; number <= SpecDefaults.LastDynamicPort; number++)
        {
            if (!taken.Contains(key with { Port = number }))
            {
                return number;
            }
        }

        return null;
    }
}
