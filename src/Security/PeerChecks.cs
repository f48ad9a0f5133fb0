using Swarm.Model;

namespace Swarm.Security;

/// <summary>What the owner of a connection adds to the checks of certificates.</summary>
public sealed record PeerChecks
{
    /// <summary>Nobody is revoked, nobody is told.</summary>
    public static PeerChecks None { get; } = new();

    /// <summary>True for nodes that were removed from the cluster. Called in handshakes: must not wait.</summary>
    public Func<NodeId, bool> IsRevoked { get; init; } = _ => false;

    /// <summary>
    /// Gets the reason, in one line, when a peer's certificate is refused: the exception of the handshake does
    /// not tell it. Called in handshakes, on any thread.
    /// </summary>
    public Action<string> OnRefused { get; init; } = _ => { };
}
