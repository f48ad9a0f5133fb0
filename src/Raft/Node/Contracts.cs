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
    /// one after every start. The result goes to the proposer if it waits on this node. An exception stops the node.
    /// </summary>
    object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data);
}

/// <summary>This member does not lead, and the leader could not be asked: look at the status and try again.</summary>
public sealed class NotLeaderException(RaftMember? leader) : Exception(leader is null
    ? "this member is not the leader and knows none; try again"
    : $"this member is not the leader, {leader.Address} is")
{
    /// <summary>The leader as far as it is known.</summary>
    public RaftMember? Leader { get; } = leader;
}
