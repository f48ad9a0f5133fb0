using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Who runs the cluster: adds, removes and replaces managers, one thing at a time, and never by a change that would
/// leave fewer living voters than a quorum.
/// </summary>
internal sealed class Operator(World world)
{
    private const int LookEveryMs = 150;
    private const int PatienceMs = 3_000;
    private readonly Queue<SimMember> _toAdd = new();
    private readonly Queue<SimMember> _toRemove = new();
    private bool _busy;
    private int _asks;

    /// <summary>Replaces what is lost; without it only what is asked for happens.</summary>
    public bool Repairs { get; set; }

    /// <summary>A removal is on its way.</summary>
    public bool IsRemoving => _toRemove.Count > 0;

    /// <summary>The leader raises the format at the moment; nobody is taken in meanwhile, as in the product.</summary>
    public (MemberProcess Leader, Task Raised)? FormatRise { get; set; }

    /// <summary>Something was asked for and is not answered yet.</summary>
    public bool IsBusy => _busy;

    /// <summary>Nothing is left to do, and the leader's configuration has no lost member and no learner.</summary>
    public bool IsDone => !_busy && _toAdd.Count == 0 && _toRemove.Count == 0
        && world.Leader()?.Process?.Core.Configuration.Members.All(
            m => !m.Learner && world.Find(m.Id)?.LostAtUs is null) == true;

    public void Start() => world.Timeline.After(LookEveryMs * Timeline.UsPerMs, () =>
    {
        Look();
        Start();
    });

    public void Add(SimMember member) => _toAdd.Enqueue(member);

    public void Remove(SimMember member)
    {
        if (!_toRemove.Contains(member))
            _toRemove.Enqueue(member);
    }

    private void Look()
    {
        if (Repairs)
            FindLost();
        if (_busy || world.Leader() is not { Process.Core: { } core } leader)
            return;
        if (_toRemove.TryPeek(out var gone) && (core.Configuration.Find(gone.Id) is null || !MayRemove(core, gone)))
        {
            _toRemove.Dequeue();
            if (core.Configuration.Find(gone.Id) is null)
                OnRemoved(gone);
        }
        else if (gone is not null)
            Ask(leader, ConfChange.Remove(gone.Id));
        else if (_toAdd.TryPeek(out var added)
            && (added.LostAtUs is not null || IsKnown(core, added) || IsTooOld(leader, added)))
            _toAdd.Dequeue();
        else if (added is not null && core.LeaderReady && !IsRaising(leader))
            AskToAdd(leader, added);
    }

    /// <summary>Those who would remain and live are a quorum.</summary>
    private bool MayRemove(RaftCore core, SimMember gone) =>
        core.Configuration.TryApply(ConfChange.Remove(gone.Id), out var next, out _)
        && next.Members.Count(m => !m.Learner && world.Find(m.Id) is { LostAtUs: null }) >= next.Quorum;

    private static bool IsKnown(RaftCore core, SimMember added) =>
        core.Configuration.Find(added.Id) is not null || core.Configuration.IsRemoved(added.Id);

    private bool IsRaising(SimMember leader) =>
        FormatRise is { Raised.IsCompleted: false } rise && rise.Leader == leader.Process;

    private static bool IsTooOld(SimMember leader, SimMember added) =>
        added.Reads < leader.Process!.Store.State.Format;

    private void FindLost()
    {
        if (world.Leader()?.Process is not { } process || _toRemove.Count > 0)
            return;
        foreach (var member in process.Core.Configuration.Members)
        {
            if (world.Find(member.Id) is { LostAtUs: not null } lost)
                Replace(lost);
        }
    }

    /// <summary>Another machine, or the same with an empty disk, takes the place of one that is lost.</summary>
    public void Replace(SimMember lost)
    {
        if (_toRemove.Contains(lost))
            return;
        Remove(lost);
        // Only a machine that is gone leaves its address to another.
        var isGone = lost.LostAtUs is not null;
        Add(world.NewMember(isGone && world.Dice.OneIn(2) ? lost.Self.Address : null));
        world.Coverage.Count("replaced");
    }

    private void AskToAdd(SimMember leader, SimMember added)
    {
        if (!added.IsUp && !added.TryStart())
            return;
        Ask(leader, ConfChange.AddLearner(added.Self));
        world.Coverage.Count("add asked");
    }

    /// <summary>A removed manager is told by nobody; sooner or later somebody takes it away.</summary>
    private void OnRemoved(SimMember gone)
    {
        world.Coverage.Count("removed");
        world.Timeline.After(Timeline.UsPerMs * world.Dice.Below(4_000), () =>
        {
            gone.Lose();
            if (gone.IsUp)
                gone.Crash(power: true);
        });
    }

    private void Ask(SimMember leader, ConfChange change)
    {
        var request = new ProposalRequest(default, change);
        var ask = ++_asks;
        _busy = true;
        world.Trace.Add(world.Timeline.NowUs, 'O', leader.Id.Value);
        if (world.Trace.IsRead)
            world.Trace.Line(world.Timeline.NowUs, $"operator asks {leader.Id} for {change}");
        leader.Submit(request, request.Result, () =>
        {
            world.Trace.Line(world.Timeline.NowUs, $"operator is told {request.Result.Result}");
            Answered(ask);
        });
        world.Timeline.After(PatienceMs * Timeline.UsPerMs, () => Answered(ask));
    }

    private void Answered(int ask)
    {
        if (ask == _asks)
            _busy = false;
    }
}
