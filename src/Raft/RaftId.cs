using System.Globalization;

namespace Swarm.Raft;

/// <summary>
/// Identity of one member's log for ever: never 0, never used again after a removal or the loss of the disk
/// (a node that comes back without its log is a new member with a new id).
/// </summary>
public readonly record struct RaftId(ulong Value) : IComparable<RaftId>
{
    /// <summary>No member: no vote was given, no leader is known.</summary>
    public static readonly RaftId None;

    /// <inheritdoc/>
    public int CompareTo(RaftId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x", CultureInfo.InvariantCulture);
}
