using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Swarm.RoutingMesh.Tests.Lab;

/// <summary>One TCP connection or UDP flow out of a namespace.</summary>
internal sealed class TestClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Socket _socket;

    private TestClient(Socket socket) => _socket = socket;

    /// <summary>Connects; a UDP "connection" only fixes the addresses.</summary>
    public static async Task<TestClient> ConnectAsync(
        string namespacePath, ProtocolType protocol, IPAddress address, int port, TimeSpan? patience = null)
    {
        var type = protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram;
        var socket = await NetworkThread.OnceAsync(
            "test-client", namespacePath, () => new Socket(AddressFamily.InterNetwork, type, protocol));
        using var limit = new CancellationTokenSource(patience ?? Patience);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
            return new TestClient(socket);
        }
        catch (Exception)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Name of the server and the client's address as the server saw it.</summary>
    public static async Task<(string Name, string Seen)> AskOnceAsync(
        string namespacePath, ProtocolType protocol, IPAddress address, int port)
    {
        using var client = await ConnectAsync(namespacePath, protocol, address, port);
        return await client.AskAsync();
    }

    public async Task<(string Name, string Seen)> AskAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var buffer = new byte[256];
        await _socket.SendAsync("?"u8.ToArray(), limit.Token);
        var length = await _socket.ReceiveAsync(buffer, limit.Token);
        var words = Encoding.ASCII.GetString(buffer, 0, length).Split(' ');
        return (words[0], words[^1]);
    }

    public Task SendAsync() => _socket.SendAsync("?"u8.ToArray());

    public void Dispose() => _socket.Dispose();
}
