using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Swarm.RoutingMesh.Core;

/// <summary>
/// The node's rules as nftables text. <see cref="Full"/> replaces the whole table in one transaction,
/// <see cref="Change"/> touches only the ports that differ (replacing 1,000 services × 10 costs 200 ms).
/// </summary>
internal static class RulesText
{
    public const string Table = "swarm";
    private const string InTable = "inet " + Table;

    /// <summary>Everything, in place of whatever the table held before. Foreign tables are never touched.</summary>
    public static string Full(NodeRules node, IEnumerable<PeerNode> peers, RoutingTable table)
    {
        var text = new StringBuilder();
        Line(text, $"add table {InTable}");
        Line(text, $"delete table {InTable}");
        text.Append(BaseRules.Text(node));
        text.Append(PeerElements("add", peers));
        foreach (var (port, backends) in table.Ports)
        {
            Ports(text, "add", port);
            Add(text, port, backends);
        }

        return text.ToString();
    }

    /// <summary>The way from one table to the next; empty when nothing differs.</summary>
    public static string Change(RoutingTable previous, RoutingTable next)
    {
        var text = new StringBuilder();
        foreach (var (port, backends) in previous.Ports)
        {
            var stays = next.Ports.TryGetValue(port, out var after);
            if (!stays)
                Ports(text, "delete", port);
            if (!stays || backends.IsEmpty != after.IsEmpty)
                Remove(text, port, backends);
        }

        foreach (var (port, backends) in next.Ports)
        {
            var isNew = !previous.Ports.TryGetValue(port, out var before);
            if (isNew)
                Ports(text, "add", port);
            if (isNew || backends.IsEmpty != before.IsEmpty)
                Add(text, port, backends);
            else if (!backends.AsSpan().SequenceEqual(before.AsSpan()))
                Replace(text, port, backends);
        }

        return text.ToString();
    }

    /// <summary>The way from one list of node addresses to the next; empty when nothing differs.</summary>
    public static string ChangePeers(IEnumerable<PeerNode> previous, IEnumerable<PeerNode> next)
    {
        var before = Addresses(previous);
        var after = Addresses(next);
        return Elements("delete", before.Except(after)) + Elements("add", after.Except(before));
    }

    /// <summary>Puts exactly these node addresses into a table that an earlier daemon left.</summary>
    public static string AllPeers(IEnumerable<PeerNode> peers) =>
        $"flush set {InTable} {BaseRules.NodesSet}\n" + PeerElements("add", peers);

    /// <summary>Removes the table whether it exists or not.</summary>
    public static string Nothing() => $"add table {InTable}\ndelete table {InTable}\n";

    private static string PeerElements(string verb, IEnumerable<PeerNode> peers) => Elements(verb, Addresses(peers));

    private static string Elements(string verb, IEnumerable<uint> addresses)
    {
        var list = string.Join(", ", addresses.Order().Select(Ipv4.FromNumber));
        return list.Length == 0 ? "" : $"{verb} element {InTable} {BaseRules.NodesSet} {{ {list} }}\n";
    }

    private static ImmutableHashSet<uint> Addresses(IEnumerable<PeerNode> peers) =>
        [.. peers.Select(peer => Ipv4.ToNumber(peer.NodeAddress))];

    private static void Add(StringBuilder text, PortKey port, ImmutableArray<MeshBackend> backends)
    {
        if (backends.IsEmpty)
        {
            Line(text, $"add element {InTable} {BaseRules.IdleSet} {{ {Element(port)} }}");
            return;
        }

        Line(text, $"add chain {InTable} {Chain(port)}");
        Choices(text, port, backends);
        Line(text, $"add element {InTable} {BaseRules.ServicesMap} {{ {Element(port)} : goto {Chain(port)} }}");
    }

    private static void Remove(StringBuilder text, PortKey port, ImmutableArray<MeshBackend> backends)
    {
        if (backends.IsEmpty)
        {
            Line(text, $"delete element {InTable} {BaseRules.IdleSet} {{ {Element(port)} }}");
            return;
        }

        Line(text, $"delete element {InTable} {BaseRules.ServicesMap} {{ {Element(port)} }}");
        Line(text, $"flush chain {InTable} {Chain(port)}");
        Line(text, $"delete chain {InTable} {Chain(port)}");
    }

    private static void Replace(StringBuilder text, PortKey port, ImmutableArray<MeshBackend> backends)
    {
        Line(text, $"flush chain {InTable} {Chain(port)}");
        Choices(text, port, backends);
    }

    /// <summary>
    /// Round robin, and a second rule for a packet that is in the first one while an update replaces it: the
    /// old rule still runs to its end, but its map is seen as empty already. Without the second rule such a
    /// connection was refused (about 1 of 100 updates under load).
    /// </summary>
    private static void Choices(StringBuilder text, PortKey port, ImmutableArray<MeshBackend> backends)
    {
        var rule = $"add rule {InTable} {Chain(port)} meta l4proto {port.ProtocolName} dnat ip to";
        var elements = backends.Select((backend, at) => $"{at} : {backend.Address} . {backend.Port}");
        if (backends.Length > 1)
            Line(text, $"{rule} numgen inc mod {backends.Length} map {{ {string.Join(", ", elements)} }}");
        Line(text, $"{rule} {backends[0]}");
    }

    private static void Ports(StringBuilder text, string verb, PortKey port) =>
        Line(text, $"{verb} element {InTable} {BaseRules.PortsSet} {{ {Element(port)} }}");

    private static string Chain(PortKey port) => $"{port.ProtocolName}-{port.Port}";

    private static string Element(PortKey port) => $"{port.ProtocolName} . {port.Port}";

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
