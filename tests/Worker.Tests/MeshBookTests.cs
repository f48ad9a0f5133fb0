using Swarm.Protocol.V1;

namespace Swarm.Worker.Tests;

/// <summary>What a node knows of ports that services have on every node.</summary>
public sealed class MeshBookTests
{
    [Fact]
    public void A_port_is_taken_as_long_as_a_service_has_it_in_that_protocol()
    {
        var book = new MeshBook();
        var web = new MeshService { ServiceId = "web" };
        web.Ports.Add([Port(8080, PortConfig.Types.Protocol.Tcp)]);
        book.Take(new MeshUpdate { Complete = true, Version = 1, Services = { web } });
        Assert.Contains(
            "port 8080/tcp is published by service web", book.Taken([Port(8080, PortConfig.Types.Protocol.Tcp)]),
            StringComparison.Ordinal);
        Assert.Null(book.Taken([Port(8080, PortConfig.Types.Protocol.Udp), Port(8081, PortConfig.Types.Protocol.Tcp)]));
        book.Take(new MeshUpdate { Version = 2, RemovedServiceIds = { "web" } });
        Assert.Null(book.Taken([Port(8080, PortConfig.Types.Protocol.Tcp)]));
    }

    private static PortConfig Port(uint port, PortConfig.Types.Protocol protocol) =>
        new() { PublishedPort = port, TargetPort = 80, Protocol = protocol };
}
