using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>--publish in its short and long form; ranges of equal length give one port for each number.</summary>
internal static class Ports
{
    private const int MaxRange = 1000;

    internal static IEnumerable<PortConfig> Parse(string flag, string text) =>
        text.Contains('=', StringComparison.Ordinal) ? [Long(flag, text)] : Short(flag, text);

    private static PortConfig Long(string flag, string text)
    {
        var port = new PortConfig
        {
            Protocol = PortConfig.Types.Protocol.Tcp, PublishMode = PortConfig.Types.PublishMode.Ingress,
        };
        foreach (var (key, value) in KeyValues.List(text))
        {
            switch (key)
            {
                case "target":
                    port.TargetPort = Number(flag, "target", value ?? "");
                    break;
                case "published":
                    port.PublishedPort = Number(flag, "published", value ?? "");
                    break;
                case "protocol":
                    port.Protocol = Protocol(flag, value ?? "");
                    break;
                case "mode":
                    port.PublishMode = value switch
                    {
                        "ingress" => PortConfig.Types.PublishMode.Ingress,
                        "host" => PortConfig.Types.PublishMode.Host,
                        _ => throw new UsageException(
                            $"{flag} mode '{value}': invalid publish mode; use ingress or host"),
                    };
                    break;
                default:
                    throw new UsageException(
                        $"{flag} '{text}': field '{key}' is unknown; use target, published, protocol, mode");
            }
        }

        return port.TargetPort == 0
            ? throw new UsageException($"{flag} '{text}': the mandatory field 'target' is missing or 0; use 1 to 65535")
            : port;
    }

    private static IEnumerable<PortConfig> Short(string flag, string text)
    {
        var slash = text.Split('/');
        var protocol = slash.Length > 1 ? Protocol(flag, slash[1]) : PortConfig.Types.Protocol.Tcp;
        var parts = slash[0].Split(':');
        if (parts.Length > 2 || slash.Length > 2)
        {
            throw new UsageException(
                $"{flag} '{text}': host addresses are not supported; a published port answers on every node");
        }

        var targets = Range(flag, parts[^1]);
        var published = parts.Length == 2 ? Range(flag, parts[0]) : null;
        if (published is not null && published.Count != targets.Count)
        {
            throw new UsageException(
                $"{flag} '{text}': the two ranges have different lengths; write as many on both sides");
        }

        return targets.Select((target, i) => new PortConfig
        {
            Protocol = protocol,
            PublishMode = PortConfig.Types.PublishMode.Ingress,
            TargetPort = target,
            PublishedPort = published?[i] ?? 0,
        });
    }

    private static List<uint> Range(string flag, string text)
    {
        var ends = text.Split('-');
        var first = Number(flag, "port", ends[0]);
        var last = ends.Length == 2 ? Number(flag, "port", ends[1]) : first;
        return ends.Length > 2 || first == 0 || last < first || last - first >= MaxRange
            ? throw new UsageException($"{flag} '{text}': not a port or range of ports; use 1 to 65535")
            : [.. Enumerable.Range((int)first, (int)(last - first) + 1).Select(p => (uint)p)];
    }

    private static uint Number(string flag, string what, string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? port
            : throw new UsageException($"{flag} {what} '{text}': invalid port; use 1 to 65535");

    private static PortConfig.Types.Protocol Protocol(string flag, string text) => text switch
    {
        "tcp" => PortConfig.Types.Protocol.Tcp,
        "udp" => PortConfig.Types.Protocol.Udp,
        _ => throw new UsageException($"{flag} protocol '{text}': invalid; use tcp or udp"),
    };
}
