using System.Globalization;
using System.Net.Sockets;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>The process at the other end of a unix socket, as the kernel tells it (SO_PEERCRED, unix(7)).</summary>
internal readonly record struct PeerProcess(int Pid, uint Uid)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int UcredBytes = 12;

    public static PeerProcess Of(Socket socket)
    {
        Span<byte> ucred = stackalloc byte[UcredBytes];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, ucred);
        return new PeerProcess(BitConverter.ToInt32(ucred), BitConverter.ToUInt32(ucred[4..]));
    }
}

/// <summary>Where a connection comes from; set once when it is accepted.</summary>
/// <param name="RemoteAddress">For people and logs.</param>
/// <param name="Process">Only for unix sockets.</param>
/// <param name="Budget">Shared by all connections of the address.</param>
internal sealed record PeerSource(string RemoteAddress, PeerProcess? Process, MessageBudget Budget)
{
    public static PeerSource OfUnix(PeerProcess process, MessageBudget budget) => new(
        string.Create(CultureInfo.InvariantCulture, $"unix:uid={process.Uid},pid={process.Pid}"), process, budget);
}
