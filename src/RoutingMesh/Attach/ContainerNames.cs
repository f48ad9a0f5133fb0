using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Swarm.RoutingMesh.Attach;

/// <summary>
/// Names that belong to a container: the node's device is a hash of the id (15 characters are allowed), and
/// the kernel keeps id and address as the device's alias, so that a new daemon finds out who is attached.
/// </summary>
internal static class ContainerNames
{
    public const int MaxIdLength = 128;
    public const string DevicePrefix = "swc";
    public const string InnerDevice = "eth0";
    private const int HashHexDigits = 12;
    private const string AliasPrefix = "swarm ";

    /// <summary>Throws for an id that is not fit for a file name.</summary>
    public static void Check(string id)
    {
        var isFit = id.Length is > 0 and <= MaxIdLength && char.IsAsciiLetterOrDigit(id[0])
            && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        if (!isFit)
            throw new ArgumentException($"container id '{id}': 1 to {MaxIdLength} of a-z A-Z 0-9 - _ . are allowed");
    }

    public static string Device(string id)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        return DevicePrefix + hash[..HashHexDigits];
    }

    public static string Alias(string id, IPAddress address) => $"{AliasPrefix}{id} {address}";

    public static (string Id, IPAddress Address)? Parse(string alias)
    {
        var words = alias.Split(' ');
        return words.Length == 3 && words[0] + " " == AliasPrefix && IPAddress.TryParse(words[2], out var address)
            ? (words[1], address)
            : null;
    }
}
