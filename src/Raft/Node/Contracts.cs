namespace Swarm.Raft;

/// <summary>Carries messages to other members. May lose, repeat and reorder them.</summary>
public interface IRaftTransport
{
    /// <summary>Called on the raft thread: must neither block nor throw, and may drop.</summary>
    void Send(RaftMember to, RaftMessage message);
}

/// <summary>What the log is for.</summary>
public interface IStateMachine
{
    /// <summary>
    /// Called on the raft thread for each committed <see cref="EntryType.Normal"/> entry, in order, from the first
    /// one after the snapshot (or of all) after every start. The result goes to the proposer if it waits on this node.
    /// An exception stops the node.
    /// </summary>
    object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data);

    /// <summary>
    /// Called on the raft thread between two entries: must take constant time, however large the state is.
    /// </summary>
    IStatePicture Capture();

    /// <summary>
    /// Reads what <see cref="IStatePicture.WriteTo"/> of a member wrote after the entry at <paramref name="index"/>,
    /// and changes nothing. On any thread, as long as it takes, also while entries are applied. The action that is
    /// returned replaces the state by what was read: it is called once or never, on the raft thread between two
    /// entries (or before that thread starts), and must be quick. An exception of either stops the node.
    /// </summary>
    Action PrepareRestore(ulong index, ulong term, Stream snapshot);
}

/// <summary>An immutable picture of the state. Its methods are called on any thread, at the same time.</summary>
public interface IStatePicture
{
    /// <summary>The last entry of type <see cref="EntryType.Normal"/> that the state contains.</summary>
    ulong Index { get; }

    /// <summary>Writes the whole state in a format that later versions can read. May take long.</summary>
    void WriteTo(Stream target);

    /// <summary>
    /// Hash of the state: equal on all members that applied the same entries, whatever their version, their start or
    /// their snapshots.
    /// </summary>
    UInt128 Hash();
}

/// <summary>This member does not lead, and the leader could not be asked: look at the status and try again.</summary>
public sealed class NotLeaderException(RaftMember? leader) : Exception(leader is null
    ? "this member is not the leader and knows none; try again"
    : $"this member is not the leader, {leader.Address} is")
{
    /// <summary>The leader as far as it is known.</summary>
    public RaftMember? Leader { get; } = leader;
}

/// <summary>More reads wait for a confirmation than are taken: try again later.</summary>
public sealed class TooManyReadsException() : Exception("too many reads wait for a confirmation; try again");
