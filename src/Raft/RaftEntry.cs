namespace Swarm.Raft;

/// <summary>What an entry means to Raft. The numbers are on disk and on the wire.</summary>
public enum EntryType : byte
{
    /// <summary>Bytes of the state machine.</summary>
    Normal = 0,

    /// <summary>The configuration that is in force from this entry on.</summary>
    ConfChange = 1,

    /// <summary>First entry of a leader: what it commits, it commits with this (Raft §5.4.2, §8).</summary>
    NoOp = 2,
}

/// <summary>One entry of the replicated log; index and term identify it for ever.</summary>
public sealed record RaftEntry(ulong Index, ulong Term, EntryType Type, ReadOnlyMemory<byte> Data)
{
    /// <summary>What the entry counts against limits.</summary>
    public int CostBytes => Data.Length + RaftLimits.EntryOverheadBytes;
}
