using System.Runtime.InteropServices;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>Family headers of route netlink and netfilter netlink, as the kernel lays them out.</summary>
internal static class Headers
{
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Link(byte Family, byte Padding, ushort Type, int Index, uint Flags, uint Change);

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Address(byte Family, byte PrefixLength, byte Flags, byte Scope, int Index);

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Neighbour(
        byte Family, byte Padding, ushort Padding2, int Index, ushort State, byte Flags, byte Type);

    [StructLayout(LayoutKind.Sequential)]
    public struct Route
    {
        public byte Family;
        public byte DestinationBits;
        public byte SourceBits;
        public byte Tos;
        public byte Table;
        public byte Protocol;
        public byte Scope;
        public byte Type;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Netfilter(byte Family, byte Version, ushort Resource);

    public const int LinkBytes = 16;
    public const int AddressBytes = 8;
    public const int RouteBytes = 12;
    public const int NetfilterBytes = 4;
    public const byte Inet = 2;
    public const byte Bridge = 7;
}
