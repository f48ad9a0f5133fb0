using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of published ports.</summary>
internal static class PortRules
{
    private const uint MaxPort = 65535;

    internal static void Check(EndpointSpec? endpoint, FaultCollector faults)
    {
        var published = new HashSet<(PortConfig.Types.Protocol, uint)>();
        for (var i = 0; i < (endpoint?.Ports.Count ?? 0); i++)
        {
            var port = endpoint!.Ports[i];
            var field = $"ports[{i}]";
            if (port.TargetPort is 0 or > MaxPort)
            {
                faults.Add(field + ".target", $"{port.TargetPort}", "is no port", "use 1 to 65535");
            }

            if (port.PublishedPort > MaxPort)
            {
                faults.Add(field + ".published", $"{port.PublishedPort}", "is no port", "use 1 to 65535, or 0 for any");
            }

            if (!Enum.IsDefined(port.Protocol) || !Enum.IsDefined(port.PublishMode))
            {
                faults.Add(field, port.ToString(), "has an unknown protocol or mode",
                    "use tcp or udp, ingress or host");
            }

            if (port.PublishedPort != 0 && !published.Add((Protocol(port), port.PublishedPort)))
            {
                faults.Add(
                    field + ".published", $"{port.PublishedPort}", "duplicate published ports provided",
                    "publish each port once");
            }
        }
    }

    private static PortConfig.Types.Protocol Protocol(PortConfig port) =>
        port.Protocol == PortConfig.Types.Protocol.Unspecified ? PortConfig.Types.Protocol.Tcp : port.Protocol;
}
