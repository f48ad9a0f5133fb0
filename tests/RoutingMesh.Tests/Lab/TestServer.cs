using System.Net;
using System.Net.Sockets;
using System.Text;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Tests.Lab;

/// <summary>
/// Answers on TCP and UDP with a name and, after a blank, the client's address as it sees it. TCP
/// connections stay open and answer each line.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly Socket _tcp;
    private readonly Socket _udp;
    private readonly Task _accepting;
    private readonly Task _answering;

    private TestServer(Socket tcp, Socket udp, MeshBackend backend, string name)
    {
        _tcp = tcp;
        _udp = udp;
        Backend = backend;
        Name = name;
        _accepting = AcceptAsync();
        _answering = AnswerAsync();
    }

    public MeshBackend Backend { get; }

    public string Name { get; }

    /// <summary>Datagrams that arrived.</summary>
    public int Datagrams { get; private set; }

    public static async Task<TestServer> StartAsync(string namespacePath, IPAddress address, ushort port, string name)
    {
        var (tcp, udp) = await NetworkThread.OnceAsync("test-server", namespacePath, () =>
        {
            var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            stream.Bind(new IPEndPoint(address, port));
            stream.Listen(512);
            var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            datagrams.Bind(new IPEndPoint(address, port));
            return (stream, datagrams);
        });
        return new TestServer(tcp, udp, new MeshBackend(address, port), name);
    }

    public async ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        _udp.Dispose();
        await Task.WhenAll(_accepting, _answering);
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(TalkAsync(await _tcp.AcceptAsync()));
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(Socket client)
    {
        using (client)
        {
            var buffer = new byte[256];
            try
            {
                while (await client.ReceiveAsync(buffer) > 0)
                    await client.SendAsync(Answer(client.RemoteEndPoint!));
            }
            catch (SocketException)
            {
                // The client went away.
            }
        }
    }

    private async Task AnswerAsync()
    {
        var buffer = new byte[256];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                Datagrams++;
                await _udp.SendToAsync(Answer(received.RemoteEndPoint), received.RemoteEndPoint);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private byte[] Answer(EndPoint client) => Encoding.ASCII.GetBytes($"{Name} {((IPEndPoint)client).Address}");
}
