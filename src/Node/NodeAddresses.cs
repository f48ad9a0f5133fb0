using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Swarm.Model;
using Swarm.Rpc;

namespace Swarm.Node;

/// <summary>Which addresses a node announces and listens on: ip|interface[:port], or the only one it has.</summary>
internal static class NodeAddresses
{
    /// <summary>The address that others dial.</summary>
    /// <exception cref="RpcException">It is none of this host's, or the host has several and none was
    /// named.</exception>
    internal static HostPort Advertise(string text)
    {
        var own = OwnAddresses();
        if (text.Length == 0)
        {
            return own.Count switch
            {
                1 => new HostPort(own[0].Address.ToString(), HostPort.DefaultPort),
                0 => throw Refused("this host has no address; give one with --advertise-addr"),
                _ => throw Refused(
                    "could not choose an IP address to advertise since this system has multiple addresses ("
                    + string.Join(", ", own.Select(o => $"{o.Address} on {o.Name}"))
                        + "); give one with --advertise-addr"),
            };
        }

        var resolved = Resolve(text, own, "--advertise-addr");
        return own.Any(o => o.Address.ToString() == resolved.Host)
            ? resolved
            : throw Refused($"--advertise-addr {text}: is not an address of this host; use one of "
                + string.Join(", ", own.Select(o => o.Address)));
    }

    /// <summary>Where a manager listens: the advertised address unless told otherwise.</summary>
    internal static IPEndPoint Listen(string text, HostPort advertise)
    {
        var address = text.Length == 0 ? advertise : Resolve(text, OwnAddresses(), "--listen-addr");
        return new IPEndPoint(IPAddress.Parse(address.Host), address.Port);
    }

    private static HostPort Resolve(string text, List<(string Name, IPAddress Address)> own, string flag)
    {
        if (HostPort.TryParse(text, out var literal))
        {
            return literal;
        }

        var parts = text.Split(':', 2);
        var matches = own.Where(o => o.Name == parts[0]).ToList();
        if (matches.Count != 1
            || !HostPort.TryParse(
                parts.Length == 2 ? $"{matches[0].Address}:{parts[1]}" : matches[0].Address.ToString(),
                out var byInterface))
        {
            throw Refused($"{flag} {text}: is neither an IP address nor an interface with one address; "
                + "write ip|interface[:port]");
        }

        return byInterface;
    }

    private static List<(string Name, IPAddress Address)> OwnAddresses() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.NetworkInterfaceType != NetworkInterfaceType.Loopback
                && i.OperationalStatus == OperationalStatus.Up
                && !i.Name.StartsWith("swarm", StringComparison.Ordinal)
                    && !i.Name.StartsWith("veth", StringComparison.Ordinal))
            .SelectMany(i => i.GetIPProperties().UnicastAddresses
                .Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork)
                .Select(a => (i.Name, a.Address))),
    ];

    private static RpcException Refused(string message) => new(RpcStatusCode.InvalidArgument, message);
}
