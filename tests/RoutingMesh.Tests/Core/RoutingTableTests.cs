using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Swarm.RoutingMesh.Core;
using static Swarm.RoutingMesh.Tests.Core.Tables;

namespace Swarm.RoutingMesh.Tests.Core;

public sealed class RoutingTableTests
{
    [Fact]
    public void Backends_are_sorted_and_counted_once()
    {
        var table = Routing(Tcp(80, "10.88.2.9:80", "10.88.1.10:80", "10.88.1.2:80", "10.88.1.10:80"));

        Assert.Equal(
            ["10.88.1.2:80", "10.88.1.10:80", "10.88.2.9:80"],
            table.Ports[new PortKey(MeshProtocol.Tcp, 80)].Select(backend => backend.ToString()));
    }

    [Theory]
    [InlineData(MeshProtocol.Tcp, 2377, "the node itself needs this port")]
    [InlineData(MeshProtocol.Udp, 4789, "the node itself needs this port")]
    [InlineData(MeshProtocol.Tcp, 0, "port 0 cannot be published")]
    public void A_port_of_the_node_is_not_given_away(MeshProtocol protocol, ushort port, string reason)
    {
        var service = new PublishedService("s", protocol, port, PublishMode.Ingress, [Backend("10.88.1.2:80")]);

        var table = Routing(service);

        Assert.Empty(table.Ports);
        Assert.Equal(reason, Assert.Single(table.Refused).Reason);
    }

    [Fact]
    public void The_overlay_port_is_free_for_tcp() => Assert.Empty(Routing(Tcp(4789, "10.88.1.2:80")).Refused);

    [Fact]
    public void One_port_belongs_to_one_service_whatever_the_order()
    {
        var one = Tcp(80, "10.88.1.2:80") with { ServiceId = "a" };
        var other = Tcp(80, "10.88.1.3:80") with { ServiceId = "b" };

        foreach (var table in (RoutingTable[])[Routing(one, other), Routing(other, one)])
        {
            Assert.Equal("10.88.1.2:80", Assert.Single(Assert.Single(table.Ports).Value).ToString());
            Assert.Equal(
                "service b, port 80/tcp: already published by service a", Assert.Single(table.Refused).ToString());
        }
    }

    [Theory]
    [InlineData("192.168.1.1:80")]
    [InlineData("fd00::1:80")]
    [InlineData("10.88.1.2:0")]
    public void Traffic_is_never_sent_outside_the_containers_subnets(string outside)
    {
        var table = Routing(Tcp(80, outside, "10.88.1.2:80"));

        Assert.Equal("10.88.1.2:80", Assert.Single(Assert.Single(table.Ports).Value).ToString());
        Assert.Single(table.Refused);
    }

    [Fact]
    public void What_is_beyond_the_limit_is_reported()
    {
        var backends = Enumerable.Range(0, RoutingTable.MaxBackendsPerPort + 5)
            .Select(at => new MeshBackend(Ipv4.FromNumber(0x0a580102u + (uint)at), 80)).ToArray();
        var table = Routing(Tcp(80) with { Backends = backends });

        Assert.Equal(RoutingTable.MaxBackendsPerPort, Assert.Single(table.Ports).Value.Length);
        Assert.StartsWith("5 backends beyond", Assert.Single(table.Refused).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Order_of_services_and_backends_makes_no_difference()
    {
        var entries = Gen.Choose(0, 3).ListOf();
        Prop.ForAll(entries.ArrayOf().ToArbitrary(), lists =>
        {
            var services = lists.Take(50).Select((list, at) => Tcp(
                (ushort)(at + 1), [.. list.Select(number => $"10.88.1.{number + 2}:80")])).ToArray();
            var turned = services.Reverse()
                .Select(service => service with { Backends = [.. service.Backends.Reverse()] }).ToArray();

            return RulesText.Full(Node, [], Routing(services)) == RulesText.Full(Node, [], Routing(turned))
                && RulesText.Change(Routing(services), Routing(turned)).Length == 0;
        }).QuickCheckThrowOnFailure();
    }
}
