namespace Swarm.RoutingMesh.Core;

/// <summary>
/// The fixed part of a node's table: hooks with priorities just before the usual ones, so that no foreign
/// table decides first; what is not allowed is dropped here and not left to a foreign default.
/// </summary>
internal static class BaseRules
{
    public const string ServicesMap = "services";
    public const string PortsSet = "ports";
    public const string IdleSet = "idle";
    public const string NodesSet = "nodes";

    public static string Text(NodeRules node) =>
        $$"""
        table inet {{RulesText.Table}} {
        	map {{ServicesMap}} { type inet_proto . inet_service : verdict; }
        	set {{PortsSet}} { type inet_proto . inet_service; }
        	set {{IdleSet}} { type inet_proto . inet_service; }
        	set {{NodesSet}} { type ipv4_addr; }
        {{Guard(node)}}
        {{Input(node)}}
        {{Forward(node)}}
        {{Output(node)}}
        {{Translation(node)}}
        }

        """;

    /// <summary>
    /// Before connection tracking: nobody but the node itself uses 127/8 (route_localnet is on for our two
    /// devices only, and this makes it harmless), and nobody on our devices uses a foreign source address.
    /// </summary>
    private static string Guard(NodeRules node) =>
        $$"""
        	chain guard {
        		type filter hook prerouting priority -305; policy accept;
        		iifname != "lo" ip saddr 127.0.0.0/8 drop
        		iifname != "lo" ip daddr 127.0.0.0/8 drop
        		iifname { "{{node.Bridge}}", "{{node.Overlay}}" } meta nfproto ipv6 drop
        		iifname "{{node.Bridge}}" ip saddr != {{node.Subnet}} drop
        		iifname "{{node.Bridge}}" ip saddr {{node.Gateway}} drop
        		iifname "{{node.Overlay}}" ip saddr != {{node.Pool}} drop
        		iifname "{{node.Overlay}}" ip saddr {{node.Subnet}} drop
        	}
        """;

    /// <summary>
    /// A new connection to a published port arrives here only if the port has no backend, or if it slipped
    /// through the very moment of an update (lookups in a replaced set miss). The first is refused at once;
    /// the second is dropped and succeeds when the client repeats it, where a refusal would be final.
    /// </summary>
    private static string Input(NodeRules node) =>
        $$"""
        	chain refuse {
        		meta l4proto tcp reject with tcp reset
        		reject with icmpx type port-unreachable
        	}
        	chain unserved {
        		meta l4proto . th dport @{{IdleSet}} goto refuse
        		drop
        	}
        	chain input {
        		type filter hook input priority -5; policy accept;
        		meta nfproto ipv6 udp dport {{node.OverlayPort}} drop
        		udp dport {{node.OverlayPort}} ip saddr != @{{NodesSet}} drop
        		iifname { "{{node.Bridge}}", "{{node.Overlay}}" } meta l4proto { tcp, udp } th dport {{Guarded(node)}} drop
        		ct state new fib daddr type local meta l4proto . th dport @{{PortsSet}} goto unserved
        	}
        """;

    /// <summary>
    /// Containers are entered only by other containers, by this node, through a published port, or by
    /// answers.
    /// </summary>
    private static string Forward(NodeRules node) =>
        $$"""
        	chain inward {
        		ct state established,related accept
        		iifname { "{{node.Bridge}}", "{{node.Overlay}}" } accept
        		ct status dnat accept
        		drop
        	}
        	chain across {
        		ct state established,related accept
        		iifname "{{node.Bridge}}" accept
        		ct status dnat accept
        		drop
        	}
        	chain forward {
        		type filter hook forward priority -5; policy accept;
        		iifname "{{node.Bridge}}" ip daddr @{{NodesSet}} meta l4proto { tcp, udp } th dport {{Guarded(node)}} drop
        		oifname "{{node.Bridge}}" jump inward
        		oifname "{{node.Overlay}}" jump across
        		iifname "{{node.Overlay}}" oifname != "{{node.Bridge}}" ct state new drop
        	}
        """;

    /// <summary>
    /// A connection of this node that slipped through the moment of an update must not get as far as
    /// <see cref="Input"/>: by then it is confirmed without translation, and so would be each repetition of its first
    /// packet. Dropped here it leaves no trace. (UDP would be told EPERM; its flows are forgotten after each update.)
    /// A hairpin must not make the kernel send redirects: they would lead around the translation.
    /// </summary>
    private static string Output(NodeRules node) =>
        $$"""
        	chain missed {
        		meta l4proto . th dport @{{IdleSet}} return
        		drop
        	}
        	chain outward {
        		type filter hook output priority -5; policy accept;
        		oifname "{{node.Bridge}}" icmp type redirect drop
        		meta l4proto tcp ct state new fib daddr type local meta l4proto . th dport @{{PortsSet}} jump missed
        	}
        """;

    /// <summary>
    /// Answers must come back through the node that translated: loopback clients, hairpins and clients of a
    /// remote backend therefore get this node's gateway address. Clients of a local backend keep theirs.
    /// </summary>
    private static string Translation(NodeRules node) =>
        $$"""
        	chain prerouting {
        		type nat hook prerouting priority -105; policy accept;
        		fib daddr type local meta l4proto . th dport vmap @{{ServicesMap}}
        	}
        	chain output {
        		type nat hook output priority -105; policy accept;
        		fib daddr type local meta l4proto . th dport vmap @{{ServicesMap}}
        	}
        	chain postrouting {
        		type nat hook postrouting priority 95; policy accept;
        		oifname "{{node.Bridge}}" ip saddr 127.0.0.0/8 snat ip to {{node.Gateway}} fully-random
        		oifname "{{node.Bridge}}" ct status dnat ip saddr {{node.Subnet}} snat ip to {{node.Gateway}} fully-random
        		oifname "{{node.Overlay}}" ip saddr != {{node.Subnet}} snat ip to {{node.Gateway}} fully-random
        		oifname "{{node.Bridge}}" accept
        		oifname "{{node.Overlay}}" accept
        		ip saddr {{node.Subnet}} ip daddr != {{node.Pool}} masquerade fully-random
        	}
        """;

    private static string Guarded(NodeRules node) =>
        $"{{ {string.Join(", ", node.ProtectedPorts.Append(node.OverlayPort).Distinct().Order())} }}";
}
