using System.Globalization;
using System.Net;

namespace Swarm.Model;

/// <summary>An address that another host can dial: a literal IP and a port.</summary>
public readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Docker's port for cluster management.</summary>
    public const int DefaultPort = 2377;

    /// <summary>Parses IP, IP:PORT or [IPv6]:PORT.</summary>
    public static bool TryParse(string text, out HostPort result)
    {
        result = default;
        if (!text.StartsWith('[') && IPAddress.TryParse(text, out var bare)
            && (text.Contains('.') || text.Contains(':')))
        {
            result = new HostPort(bare.ToString(), DefaultPort);
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > 65535
            || !IPAddress.TryParse(text[..colon].Trim('[', ']'), out var host))
        {
            return false;
        }

        result = new HostPort(host.ToString(), port);
        return true;
    }

    /// <summary>Parses an address that this program wrote itself.</summary>
    /// <exception cref="FormatException">It is not IP:PORT.</exception>
    public static HostPort Parse(string text) => TryParse(text, out var result)
        ? result
        : throw new FormatException($"'{text}' is not an address of the form IP:PORT");

    /// <inheritdoc/>
    public override string ToString() =>
        Host.Contains(':') ? $"[{Host}]:{Port}" : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
