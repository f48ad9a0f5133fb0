using System.Net;
using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;
using Swarm.RoutingMesh.Core;
using static Swarm.RoutingMesh.Tests.Core.Tables;

namespace Swarm.RoutingMesh.Tests.Core;

public sealed class RulesTextTests
{
    private static readonly PeerNode[] Peers =
    [
        new("n1", IPAddress.Parse("10.99.0.11"), IPNetwork.Parse("10.88.1.0/24")),
        new("n2", IPAddress.Parse("10.99.0.12"), IPNetwork.Parse("10.88.2.0/24")),
    ];

    [Fact]
    public void The_whole_table_is_as_written_down()
    {
        var table = Routing(
            Tcp(8080, "10.88.1.2:80", "10.88.2.2:80", "10.88.2.3:80"),
            Udp(53, "10.88.2.9:5353"),
            Tcp(9000));

        var text = RulesText.Full(Node, Peers, table);

        Assert.Equal(File.ReadAllText(Golden("full.nft")), text);
    }

    [Fact]
    public void A_change_touches_only_what_differs()
    {
        var before = Routing(
            Tcp(80, "10.88.1.2:80"), Tcp(81, "10.88.1.3:80"), Tcp(82), Tcp(83, "10.88.1.4:80"),
            Udp(53, "10.88.1.5:53"));
        var after = Routing(
            Tcp(80, "10.88.1.2:80"), Tcp(81, "10.88.1.3:80", "10.88.2.3:80"), Tcp(82, "10.88.2.4:80"), Tcp(83),
            Tcp(84));

        Assert.Equal(File.ReadAllText(Golden("change.nft")), RulesText.Change(before, after));
    }

    [Fact]
    public void Nodes_come_and_go_by_address()
    {
        var moved = Peers[1] with { NodeAddress = IPAddress.Parse("10.99.0.13") };

        Assert.Equal(
            "delete element inet swarm nodes { 10.99.0.12 }\nadd element inet swarm nodes { 10.99.0.13 }\n",
            RulesText.ChangePeers(Peers, [Peers[0], moved]));
        Assert.Equal("", RulesText.ChangePeers(Peers, [.. Peers.Reverse()]));
    }

    [Fact]
    public void Changes_lead_where_the_whole_table_leads()
    {
        var ports = Gen.Choose(0, 3).ArrayOf(6);
        Prop.ForAll(ports.ToArbitrary(), ports.ToArbitrary(), (before, after) =>
        {
            var (from, to) = (Table(before), Table(after));
            var kernel = new FakeKernel();
            kernel.Run(RulesText.Full(Node, [], from));
            kernel.Run(RulesText.Change(from, to));
            var direct = new FakeKernel();
            direct.Run(RulesText.Full(Node, [], to));
            return kernel.ToString() == direct.ToString();
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>Port n+1 is not published (0), idle (1) or has one or two backends.</summary>
    private static RoutingTable Table(int[] sizes) => Routing([.. sizes
        .Select((size, at) => (size, port: (ushort)(at + 1)))
        .Where(entry => entry.size > 0)
        .Select(entry => Tcp(entry.port, [.. Enumerable.Range(2, entry.size - 1).Select(n => $"10.88.1.{n}:80")]))]);

    private static string Golden(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);

    /// <summary>Understands the commands that updates consist of, and refuses what the kernel would refuse.</summary>
    private sealed class FakeKernel
    {
        private readonly SortedDictionary<string, string> _chains = new(StringComparer.Ordinal);
        private readonly SortedSet<string> _elements = new(StringComparer.Ordinal);

        public void Run(string script)
        {
            foreach (var line in script.Split('\n').Where(line => !line.StartsWith("table ", StringComparison.Ordinal)
                && line.Contains(" inet swarm ", StringComparison.Ordinal)))
            {
                var words = line.Split(' ');
                var chain = words[4];
                var rest = string.Join(' ', words.Skip(4));
                switch (words[0] + " " + words[1])
                {
                    case "add chain":
                        _chains.Add(chain, "");
                        break;
                    case "add rule":
                        _chains[chain] += rest + ";";
                        break;
                    case "flush chain":
                        Assert.True(_chains.ContainsKey(chain));
                        _chains[chain] = "";
                        break;
                    case "delete chain":
                        Assert.True(_chains.Remove(chain));
                        Assert.DoesNotContain(_elements, element =>
                            element.EndsWith($"goto {chain} }}", StringComparison.Ordinal));
                        break;
                    case "add element":
                        Assert.True(_elements.Add(rest));
                        break;
                    case "delete element":
                        var key = rest.TrimEnd('}', ' ');
                        Assert.Equal(1, _elements.RemoveWhere(element =>
                            element.StartsWith(key + " ", StringComparison.Ordinal)));
                        break;
                    default:
                        Assert.Fail($"not a command of an update: {line}");
                        break;
                }
            }
        }

        public override string ToString() => string.Join('\n', _chains.Select(chain => $"{chain.Key}: {chain.Value}"))
            + "\n" + string.Join('\n', _elements);
    }
}
