using System.Net;
using System.Net.Sockets;

namespace Swarm.Runtime.Images;

/// <summary>Where a registry is and whether an address may be asked. Pure.</summary>
internal static class RegistryAddress
{
    private const string DockerHubApi = "registry-1.docker.io";
    private const string DockerHubTokens = "auth.docker.io";

    /// <summary>Address of the registry's API; HTTP only when the host is listed.</summary>
    internal static Uri Base(string host, IReadOnlyList<string> insecure) => new(
        (IsInsecure(host, insecure) ? "http://" : "https://")
        + (host == ImageReference.DefaultHost ? DockerHubApi : host) + "/v2/");

    internal static bool IsInsecure(string host, IReadOnlyList<string> insecure)
    {
        var name = WithoutPort(host);
        return insecure.Any(entry =>
            string.Equals(entry, host, StringComparison.OrdinalIgnoreCase)
            || string.Equals(entry, name, StringComparison.OrdinalIgnoreCase)
            || (entry.Contains('/') && IPNetwork.TryParse(entry, out var network)
                && IPAddress.TryParse(name.Trim('[', ']'), out var address)
                && network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address)));
    }

    /// <summary>True when two addresses are the same host and port over the same or a safer scheme.</summary>
    internal static bool IsSameOrigin(Uri registry, Uri other) =>
        string.Equals(registry.IdnHost, other.IdnHost, StringComparison.OrdinalIgnoreCase)
        && registry.Port == other.Port && registry.Scheme == other.Scheme;

    /// <summary>
    /// Whether credentials of the registry may go to the token service it names: itself, a parent domain of it
    /// (registry.example.com → example.com), or Docker Hub's own; always by TLS unless the registry itself is insecure.
    /// </summary>
    internal static bool MayHaveCredentials(Uri registry, Uri tokenService)
    {
        if (IsSameOrigin(registry, tokenService))
            return true;
        if (tokenService.Scheme != Uri.UriSchemeHttps)
            return false;
        var own = registry.IdnHost;
        var other = tokenService.IdnHost;
        return string.Equals(own, other, StringComparison.OrdinalIgnoreCase)
            || (own == DockerHubApi && other == DockerHubTokens)
            || (other.Contains('.') && registry.HostNameType == UriHostNameType.Dns
                && own.EndsWith("." + other, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Addresses that are this machine's or its link's own: loopback, link-local (cloud metadata), unspecified,
    /// multicast. A registry elsewhere has no business to send us there.
    /// </summary>
    internal static bool IsLocal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            || address.IsIPv6LinkLocal || address.IsIPv6Multicast || address.IsIPv6SiteLocal)
            return true;
        if (address.AddressFamily != AddressFamily.InterNetwork)
            return false;
        var bytes = address.GetAddressBytes();
        return bytes[0] is 0 or 127 or >= 224 || (bytes[0] == 169 && bytes[1] == 254);
    }

    private static string WithoutPort(string host) =>
        host.LastIndexOf(':') is > 0 and var colon && host[^1] != ']' ? host[..colon] : host;
}
