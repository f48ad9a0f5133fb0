using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>IPv4 addresses as numbers in host byte order: what sorting, ranges and pools need.</summary>
internal static class Ipv4
{
    public const int Bytes = 4;

    public static bool Is(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var written) && written == Bytes;
    }

    /// <summary>The address as a number. Only for IPv4 addresses.</summary>
    public static uint ToNumber(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var written) || written != Bytes)
            throw new ArgumentException($"address {address} is not IPv4; the mesh carries IPv4 only");
        return ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
    }

    public static IPAddress FromNumber(uint number) =>
        new([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    public static bool Overlap(IPNetwork one, IPNetwork other) =>
        one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);
}
