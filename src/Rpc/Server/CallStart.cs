using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>What is known of a call when it has been let in.</summary>
/// <param name="Peer">Who calls.</param>
/// <param name="Deadline">By the server's clock.</param>
/// <param name="Budget">Of the caller's address.</param>
/// <param name="DeadlineReached">Cancelled at the deadline.</param>
/// <param name="Stopping">Cancelled when the server ends calls of this kind.</param>
internal readonly record struct CallStart(
    PeerIdentity Peer,
    DateTimeOffset? Deadline,
    MessageBudget Budget,
    CancellationToken DeadlineReached,
    CancellationToken Stopping)
{
    /// <summary>Cancelled when the caller may no longer have this stream.</summary>
    public CancellationToken Revoked { get; init; }
}
