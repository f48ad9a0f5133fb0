using System.Net;
using System.Net.Sockets;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Tests;

/// <summary>Ports of one node that are asked for twice.</summary>
public sealed class HostPortBookTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-ports-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_port_is_free_until_another_container_or_a_program_has_it()
    {
        var book = new HostPortBook(_directory);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var used = (uint)((IPEndPoint)listener.LocalEndPoint!).Port;
        Assert.Contains("a program of this host", book.Taken("a", [Port(used)]), StringComparison.Ordinal);
        listener.Dispose();
        Assert.Null(book.Taken("a", [Port(used)]));
        book.Publish("a", IPAddress.Loopback, [Port(used)]);
        Assert.Null(book.Taken("a", [Port(used)]));
        Assert.Contains("container a", book.Taken("b", [Port(used)]), StringComparison.Ordinal);
        Assert.Null(book.Taken("b", [new PortConfig(Port(used)) { Protocol = PortConfig.Types.Protocol.Udp }]));
        book.Withdraw("a");
        Assert.Null(book.Taken("b", [Port(used)]));
    }

    private static PortConfig Port(uint port) =>
        new() { PublishedPort = port, TargetPort = 80, Protocol = PortConfig.Types.Protocol.Tcp };
}
