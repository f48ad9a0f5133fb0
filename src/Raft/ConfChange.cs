namespace Swarm.Raft;

/// <summary>One step of a membership change. One is in flight at a time (Raft thesis §4.1).</summary>
public abstract record ConfChange
{
    private ConfChange()
    {
    }

    /// <summary>A new member that receives the log and becomes a voter by itself once it has caught up.</summary>
    public static ConfChange AddLearner(RaftMember member) => new Adding(member);

    /// <summary>A learner becomes a voter. The leader proposes this itself when the learner has caught up.</summary>
    public static ConfChange Promote(RaftId id) => new Promoting(id);

    /// <summary>A member goes for ever: its id is remembered and refused.</summary>
    public static ConfChange Remove(RaftId id) => new Removing(id);

    /// <summary>A member is dialled elsewhere from now on.</summary>
    public static ConfChange UpdateAddress(RaftId id, string address) => new Moving(id, address);

    internal sealed record Adding(RaftMember Member) : ConfChange;

    internal sealed record Promoting(RaftId Id) : ConfChange;

    internal sealed record Removing(RaftId Id) : ConfChange;

    internal sealed record Moving(RaftId Id, string Address) : ConfChange;
}
