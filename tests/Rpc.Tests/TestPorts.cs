using System.Net;
using System.Net.Sockets;

namespace Swarm.Rpc.Tests;

/// <summary>Ports of the loopback for servers that must know theirs before they listen.</summary>
internal static class TestPorts
{
    /// <summary>Below the kernel's ephemeral range (32,768 on, ip(7)): no connection that a test opens elsewhere can
    /// be given such a port between the question and the server's own bind.</summary>
    private const int First = 20_000;

    private const int Count = 10_000;

    private static int _next = Environment.ProcessId * 61 % Count;

    /// <summary>Nobody listens there, and nobody else in this process is told of it.</summary>
    internal static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                continue;
            }
        }

        throw new InvalidOperationException($"no port from {First} on is free");
    }
}
