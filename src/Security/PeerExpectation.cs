using Swarm.Model;

namespace Swarm.Security;

/// <summary>Who a client wants to find at the other end.</summary>
/// <param name="Role">The role in the server's certificate.</param>
/// <param name="NodeId">The very node, or null when any node of that role will do.</param>
public sealed record PeerExpectation(CertificateRole Role, NodeId? NodeId = null)
{
    /// <summary>Any manager of the cluster.</summary>
    public static PeerExpectation AnyManager { get; } = new(CertificateRole.Manager);

    /// <summary>One manager: Raft's wish, so that a reused address does not get another's messages.</summary>
    public static PeerExpectation Manager(NodeId node) => new(CertificateRole.Manager, node);
}
