using System.Net;
using Swarm.RoutingMesh.Core;
using static Swarm.RoutingMesh.Tests.Core.Tables;

namespace Swarm.RoutingMesh.Tests.Core;

public sealed class FlowCleanupTests
{
    private const string Local = "10.99.0.11";

    [Theory]
    [InlineData("10.88.1.5:53", true)]
    [InlineData("10.88.1.6:53", false)]
    [InlineData("10.88.1.6:54", true)]
    public void A_flow_goes_when_its_backend_is_gone(string answerer, bool isStale)
    {
        var cleanup = FlowCleanup.Between(
            Routing(Udp(53, "10.88.1.5:53", "10.88.1.6:53")), Routing(Udp(53, "10.88.1.6:53")), Node);

        Assert.Equal(isStale, cleanup.IsStale(FlowTo(Local, 53, answerer), IsLocal));
    }

    [Fact]
    public void A_flow_that_is_older_than_the_published_port_goes()
    {
        var cleanup = FlowCleanup.Between(Routing(), Routing(Udp(53, "10.88.1.5:53")), Node);

        Assert.True(cleanup.IsStale(FlowTo(Local, 53, Local + ":53"), IsLocal));
        Assert.False(cleanup.IsStale(FlowTo("8.8.8.8", 53, "8.8.8.8:53"), IsLocal));
    }

    [Fact]
    public void Tcp_is_left_alone()
    {
        var cleanup = FlowCleanup.Everything(Routing(), Node);

        Assert.False(cleanup.IsStale(FlowTo(Local, 80, "10.88.1.5:80") with { Protocol = 6 }, IsLocal));
        Assert.True(cleanup.IsStale(FlowTo(Local, 80, "10.88.1.5:80"), IsLocal));
    }

    [Fact]
    public void Flows_of_others_are_left_alone()
    {
        var cleanup = FlowCleanup.Everything(Routing(Udp(53, "10.88.1.5:53")), Node);

        Assert.False(cleanup.IsStale(FlowTo(Local, 53, "172.17.0.2:53"), IsLocal));
        Assert.False(cleanup.IsStale(FlowTo("10.1.1.1", 53, "10.88.1.9:53"), IsLocal));
    }

    [Fact]
    public void Only_udp_ports_that_lost_a_backend_or_began_to_answer_are_looked_at()
    {
        var before = Routing(Udp(53, "10.88.1.5:53"), Tcp(80, "10.88.1.5:80"));

        Assert.True(FlowCleanup.Between(before, Routing(Udp(53, "10.88.1.5:53", "10.88.1.6:53")), Node).IsNothing);
        Assert.False(FlowCleanup.Between(before, Routing(Udp(53)), Node).IsNothing);
    }

    private static bool IsLocal(uint address) => address == Ipv4.ToNumber(IPAddress.Parse(Local));

    private static Flow FlowTo(string destination, ushort port, string answerer)
    {
        var backend = Backend(answerer);
        return new Flow(
            Flow.UdpProtocol, Ipv4.ToNumber(IPAddress.Parse(destination)), port,
            Ipv4.ToNumber(backend.Address), backend.Port);
    }
}
