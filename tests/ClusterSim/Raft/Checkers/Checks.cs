using Swarm.Raft;
using Swarm.Raft.Core;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>All checkers of a run, told at the places where their invariants can break.</summary>
internal sealed class Checks
{
    private readonly World _world;
    private readonly S1ElectionSafety _s1 = new();
    private readonly S2LogMatching _s2 = new();
    private readonly S3LeaderCompleteness _s3;
    private readonly S4SameForEver _s4;
    private readonly S5NeverBack _s5 = new();
    private readonly S6OneVote _s6 = new();
    private readonly S9OnceOnly _s9 = new();
    private readonly S12Membership _s12 = new();
    private readonly S13SnapshotIsReplay _s13;
    private readonly S15KeptPromises _s15 = new();
    private readonly B1Bounds _b1;
    private readonly S12InForce _s12InForce;
    private readonly R17Promotion _r17;
    private readonly Dictionary<RaftId, ulong> _seenCommit = [];
    private readonly HashSet<ulong> _announced = [];

    /// <param name="world">The run.</param>
    /// <param name="baseIndex">Last entry of an older cluster from whose state this one began; 0 = none.</param>
    /// <param name="baseState">That state.</param>
    public Checks(World world, ulong baseIndex, ClusterState baseState)
    {
        _world = world;
        Log = new(baseIndex, baseState);
        _s3 = new(Log);
        _s4 = new(Log);
        S7 = new(Log);
        S8 = new(world.Coverage);
        _s13 = new(Log);
        _s12InForce = new(Log);
        _r17 = new(world);
        _b1 = new(world.Plan.MaxUncommittedEntries);
    }

    public CommittedLog Log { get; }

    public S7Acknowledged S7 { get; }

    public S8Linearizable S8 { get; }

    /// <summary>Leaders that were seen so far, for whoever wants none to change.</summary>
    public int LeaderChanges { get; private set; }

    public void OnSend(SimMember member, RaftMessage message, int bytes)
    {
        _s5.OnSend(message);
        _s6.OnSend(message);
        _s15.OnSend(member, message);
        R29HandOver.OnSend(member, message);
        B1Bounds.OnSend(message, bytes);
        if (message is AppendRequest append)
        {
            _s1.OnLeader(append.Envelope.Term, member.Id);
            var previous = append.PrevTerm;
            foreach (var entry in append.Entries)
            {
                _s2.OnEntry(entry, previous);
                previous = entry.Term;
            }
        }
        else if (message is HeartbeatRequest)
        {
            _s1.OnLeader(message.Envelope.Term, member.Id);
        }
    }

    /// <summary>An entry was applied to the state of a member.</summary>
    public void OnApplied(SimMember member, RaftEntry entry, ApplyResult result)
    {
        CatchUp(member, entry.Index);
        var asked = Log.At(entry.Index).Decoded!;
        _s9.OnApplied(asked.Request, entry.Index, result);
        S10CompareAndSet.OnApplied(asked, result);
        F1Formats.OnApplied(member, entry.Index, asked);
    }

    public void OnState(SimMember member, ulong index, UInt128 hash) => _s4.OnState(member, index, hash);

    public void OnRestored(SimMember member, ulong index, UInt128 hash)
    {
        _world.Coverage.Count("state restored");
        _s13.OnRestored(member.Id, index, hash);
    }

    public void OnTurn(SimMember member)
    {
        if (member.Process is not { } process)
            return;
        var core = process.Core;
        CatchUp(member, core.CommitIndex);
        _s5.OnTurn(member.Id, core.Term, core.CommitIndex, process.Machine.Applied);
        _s12.OnTurn(member.Id, core);
        _s12InForce.OnTurn(member.Id, core);
        _r17.OnTurn(core);
        _b1.OnTurn(member.Id, core);
        if (core.Role != RaftRole.Leader)
            return;
        _s1.OnLeader(core.Term, member.Id);
        if (_announced.Add(core.Term))
            OnLeader(member, core);
    }

    /// <summary>A member has read its disk.</summary>
    public void OnStart(SimMember member, RaftCore core)
    {
        _world.Trace.Add(_world.Timeline.NowUs, 'B', member.Id.Value, core.Term, core.LastIndex);
        if (_world.Trace.IsRead)
            _world.Trace.Line(
                _world.Timeline.NowUs,
                $"{member.Id} starts in term {core.Term} with {core.FirstIndex}..{core.LastIndex}, commit "
                    + $"{core.CommitIndex}");
        _seenCommit[member.Id] = core.FirstIndex - 1;
        _s5.OnStart(member.Id, core.Term);
        _s15.OnStart(member, core);
        _s12InForce.OnStart(member.Id);
        for (var index = core.FirstIndex; index <= core.LastIndex; index++)
            _s2.OnEntry(core.Log.At(index), core.Log.TermAt(index - 1));
    }

    /// <summary>The run is over.</summary>
    public void AtEnd()
    {
        S8.Check();
        S16NoClearText.Check(_world);
    }

    private void OnLeader(SimMember member, RaftCore core)
    {
        LeaderChanges++;
        _world.Coverage.Count("elected");
        _world.Trace.Add(_world.Timeline.NowUs, 'L', member.Id.Value, core.Term, core.CommitIndex);
        if (_world.Trace.IsRead)
            _world.Trace.Line(
                _world.Timeline.NowUs, $"{member.Id} leads term {core.Term}, commit {core.CommitIndex}");
        _s3.OnLeader(member.Id, core);
    }

    /// <summary>Looks at what this member has committed since it was looked at.</summary>
    private void CatchUp(SimMember member, ulong commit)
    {
        var core = member.Process!.Core;
        var next = Math.Max(
            Math.Max(_seenCommit.GetValueOrDefault(member.Id), Log.BaseIndex) + 1, core.FirstIndex);
        for (; next <= commit; next++)
        {
            var entry = core.Log.At(next);
            var news = next > Log.LastIndex;
            _s4.OnCommitted(member, core.Term, entry);
            if (news)
                _s12.OnCommitted(entry);
        }
        _seenCommit[member.Id] = Math.Max(_seenCommit.GetValueOrDefault(member.Id), commit);
    }
}
