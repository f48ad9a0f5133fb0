using System.Net;
using System.Net.Sockets;

namespace Swarm.Worker.Tests;

/// <summary>A connection that the mesh sends to a task before it listens would be refused.</summary>
public sealed class ListeningProbeTests
{
    [Fact]
    public async Task WaitsUntilTheTaskListens()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = (uint)((IPEndPoint)socket.LocalEndPoint!).Port;
        var waiting = ListeningProbe.WaitAsync("127.0.0.1", [port], CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        socket.Listen();
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task ATaskThatNeverListensIsNotHeldForEver()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = (uint)((IPEndPoint)socket.LocalEndPoint!).Port;
        await ListeningProbe.WaitAsync("127.0.0.1", [port], CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(10));
    }
}
