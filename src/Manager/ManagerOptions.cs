using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>What a manager needs from the node that it runs on.</summary>
public sealed record ManagerOptions
{
    /// <summary>This node.</summary>
    public required NodeId NodeId { get; init; }

    /// <summary>This cluster.</summary>
    public required ClusterId ClusterId { get; init; }

    /// <summary>Which beginning of the cluster its log belongs to; 0 = the first.</summary>
    public ulong Epoch { get; init; }

    /// <summary>This manager's name in Raft; never used again once removed.</summary>
    public required RaftId RaftId { get; init; }

    /// <summary>The log lives here.</summary>
    public required string RaftDirectory { get; init; }

    /// <summary>Keys of log and snapshots; null = plaintext, for tests only.</summary>
    public AtRest? AtRest { get; init; }

    /// <summary>Where the others reach this manager.</summary>
    public required HostPort AdvertiseAddress { get; init; }

    /// <summary>Where it listens.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>TLS as server; asked for each connection.</summary>
    public required Func<SslServerAuthenticationOptions> ServerTls { get; init; }

    /// <summary>TLS as client of other managers; asked for each connection.</summary>
    public required Func<SslClientAuthenticationOptions> ClientTls { get; init; }

    /// <summary>Who a TCP caller is.</summary>
    public required Func<X509Certificate2?, string, PeerIdentity?> Identify { get; init; }

    /// <summary>Finds an image's digest.</summary>
    public required ImageResolver ResolveImage { get; init; }

    /// <summary>Where to log.</summary>
    public required ILoggerFactory Loggers { get; init; }
}
