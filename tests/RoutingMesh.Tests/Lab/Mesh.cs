using System.Net.Sockets;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Tests.Lab;

/// <summary>Tables of running servers, and tallies of who answered.</summary>
internal static class Mesh
{
    public const ushort Port = 8080;

    public static readonly ProtocolType[] Protocols = [ProtocolType.Tcp, ProtocolType.Udp];

    public static MeshTable Publish(ulong version, params TestServer[] servers) => Publish(version, Port, servers);

    public static MeshTable Publish(ulong version, ushort port, params TestServer[] servers) =>
        new(version, [.. new[] { MeshProtocol.Tcp, MeshProtocol.Udp }.Select(protocol => new PublishedService(
            $"web-{protocol}", protocol, port, PublishMode.Ingress, [.. servers.Select(server => server.Backend)]))]);

    /// <summary>Asks <paramref name="count"/> times over new connections; how often each server answered.</summary>
    public static async Task<Dictionary<string, int>> TallyAsync(
        string namespacePath, ProtocolType protocol, System.Net.IPAddress address, int count)
    {
        var tally = new Dictionary<string, int>();
        for (var at = 0; at < count; at++)
        {
            var (name, _) = await TestClient.AskOnceAsync(namespacePath, protocol, address, Port);
            tally[name] = tally.GetValueOrDefault(name) + 1;
        }

        return tally;
    }

    /// <summary>Waits until a condition holds; fails after ten seconds.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var end = Environment.TickCount64 + 10_000;
        while (!await condition())
        {
            Assert.True(Environment.TickCount64 < end, $"waited in vain until {what}");
            await Task.Delay(10);
        }
    }

    /// <summary>Whether a new TCP connection gets an answer.</summary>
    public static async Task<bool> AnswersAsync(string namespacePath, System.Net.IPAddress address, int port)
    {
        try
        {
            using var client = await TestClient.ConnectAsync(
                namespacePath, ProtocolType.Tcp, address, port, TimeSpan.FromSeconds(1));
            await client.AskAsync();
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
