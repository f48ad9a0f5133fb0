using System.Collections.Immutable;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Who proposed an entry.</summary>
internal enum Origin
{
    User,
    Planner,
    Dispatcher,
}

/// <summary>One entry that all managers have applied.</summary>
internal sealed record Committed(
    ulong Index, StoreEntry Entry, Origin Origin, ClusterState Before, ClusterState After, ApplyResult Result);

/// <summary>
/// The log that all managers agree on, as Raft gives it (which the other simulator proves): entries are committed in
/// order some milliseconds after they were proposed; when the leader is lost, a prefix of what was under way is
/// committed, the rest is lost, and nobody who proposed learns which.
/// </summary>
internal sealed class ReplicatedLog(World world)
{
    private readonly List<Proposal> _underWay = [];
    private long _lastCommitUs;

    /// <summary>What all managers have applied.</summary>
    public ClusterState State { get; private set; } = ClusterState.Empty;

    /// <summary>Disks are slow: added to each commit.</summary>
    public long StallUs { get; set; }

    public long Entries { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Proposes; <paramref name="done"/> gets the result, never when the leader is lost.</summary>
    public void Propose(
        Leader by, Origin origin, ImmutableArray<StoreAction> actions, Action<ApplyResult> done, ulong plannedOn = 0)
    {
        var bytes = EntryCodec.Encode(new StoreEntry(by.Now, actions) { PlannedOn = plannedOn });
        var proposal = new Proposal(by, origin, bytes, done);
        _underWay.Add(proposal);
        var latency = world.Dice.Between(world.Options.CommitMinUs, world.Options.CommitMaxUs) + StallUs;
        _lastCommitUs = Math.Max(_lastCommitUs, world.Time.NowUs + latency);
        world.Time.At(_lastCommitUs, () => Commit(proposal));
    }

    /// <summary>The leader is gone: chance decides how much of what it proposed gets through.</summary>
    public void LoseLeader()
    {
        var kept = world.Dice.Below(_underWay.Count + 1);
        foreach (var proposal in _underWay.Take(kept))
            Apply(proposal);
        world.Coverage.Count("proposals lost", _underWay.Count - kept);
        _underWay.Clear();
    }

    /// <summary>A manager that starts anew has the state from a snapshot.</summary>
    public void Reread() => State = SnapshotCodec.Decode(SnapshotCodec.Encode(State));

    private void Commit(Proposal proposal)
    {
        if (!_underWay.Remove(proposal))
            return;
        var result = Apply(proposal);
        if (world.Leader == proposal.By)
            proposal.Done(result);
    }

    private ApplyResult Apply(Proposal proposal)
    {
        var before = State;
        var entry = EntryCodec.Decode(proposal.Bytes);
        var result = before.Apply(entry, before.LastIndex + 1);
        State = result.State;
        Entries++;
        Bytes += proposal.Bytes.Length;
        world.OnCommitted(new Committed(State.LastIndex, entry, proposal.Origin, before, State, result));
        return result;
    }

    private sealed record Proposal(Leader By, Origin Origin, byte[] Bytes, Action<ApplyResult> Done);
}
