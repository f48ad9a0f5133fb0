using System.Net;
using System.Net.Sockets;

namespace Swarm.Worker;

/// <summary>
/// Waits until a task that has just started listens on its published ports: between the start of a process and its
/// listen() the mesh would send it connections that are refused. A bound keeps a task that never listens from waiting:
/// it is Running all the same, as its user asked.
/// </summary>
internal static class ListeningProbe
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>Ends when every port accepts a connection, or the bound has passed.</summary>
    internal static async Task WaitAsync(string address, IEnumerable<uint> ports, CancellationToken ct)
    {
        if (!IPAddress.TryParse(address, out var ip))
        {
            return;
        }

        var deadline = Environment.TickCount64 + (long)Bound.TotalMilliseconds;
        foreach (var port in ports)
        {
            while (!await AcceptsAsync(new IPEndPoint(ip, (int)port), ct).ConfigureAwait(false)
                && Environment.TickCount64 < deadline)
            {
                await Task.Delay(Poll, ct).ConfigureAwait(false);
            }
        }
    }

    private static async Task<bool> AcceptsAsync(IPEndPoint endpoint, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Bound);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
