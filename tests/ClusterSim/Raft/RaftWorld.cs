using System.Buffers.Binary;
using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// One run: a safety phase in which everything goes wrong, then a liveness phase in which everything is healed and
/// progress is demanded. One thread, virtual time, all chance from one seed.
/// </summary>
internal sealed class RaftWorld
{
    private const int TickMs = 10;
    private const int SafetyMs = 30_000;
    private const int LivenessMs = 30_000;
    private const int MaxMembers = 7;

    private readonly Dice _dice;
    private readonly Trace _trace;
    private readonly SimNetwork _network;
    private readonly SortedDictionary<RaftId, SimMember> _members = [];
    private readonly Checks _checks = new();
    private readonly int _initialMembers;
    private ulong _nextValue;
    private ulong _nextRead;

    public RaftWorld(ulong seed, Trace trace)
    {
        _dice = new Dice(seed);
        _trace = trace;
        _network = new SimNetwork(_dice);
        _initialMembers = _dice.Below(2) == 0 ? 3 : 5;
        Coverage = _network.Counts;
        var all = Enumerable.Range(1, _initialMembers)
            .Select(i => new RaftMember(new RaftId((ulong)i), $"m{i}", false, $"n{i}")).ToArray();
        foreach (var member in all)
        {
            var sim = new SimMember(member.Id);
            sim.Bootstrap(new RaftConfiguration([.. all], []));
            _members.Add(member.Id, sim);
            sim.Start(_dice.Next());
        }
    }

    public long NowMs { get; private set; }

    public ulong TraceHash => _trace.Hash;

    public SortedDictionary<string, long> Coverage { get; }

    /// <summary>Null when no invariant broke.</summary>
    public string? Run()
    {
        try
        {
            var faults = new SimFaults(_dice, _network);
            while (NowMs < SafetyMs)
                Turn(faults);
            Heal();
            return Live();
        }
        catch (Exception e) when (e is ViolationException or RaftInvariantException)
        {
            return e.Message;
        }
    }

    private void Turn(SimFaults? faults)
    {
        NowMs++;
        while (_network.TryReceive(NowMs, out var message))
        {
            if (!_members.TryGetValue(message.Envelope.To, out var to) || to.Core is null)
                continue;
            if (to.PausedUntilMs > NowMs)
            {
                _network.Hold(to.PausedUntilMs, message);
                continue;
            }
            to.Core.Step(message);
            Settle(to, faults);
        }
        if (NowMs % TickMs != 0)
            return;
        foreach (var member in _members.Values.ToArray())
            TickMember(member, faults);
        faults?.OnTick(NowMs, [.. _members.Keys]);
    }

    private void TickMember(SimMember member, SimFaults? faults)
    {
        if (member.Core is null)
        {
            if (faults is null || _dice.PerThousand(faults.RestartPerThousand))
                Restart(member);
            return;
        }
        if (faults is not null && _dice.PerThousand(faults.CrashPerThousand))
        {
            Crash(member, "crash");
            return;
        }
        if (member.PausedUntilMs > NowMs)
            return;
        if (faults is not null && _dice.PerThousand(faults.PausePerThousand))
        {
            Count("paused");
            member.PausedUntilMs = NowMs + 100 + _dice.Below(3000);
            return;
        }
        if (faults is null || !_dice.PerThousand(faults.SlowClockPerThousand))
            member.Core.Tick();
        Clients(member);
        if (faults is not null)
            ChangeMembers(member);
        Settle(member, faults);
    }

    private void Clients(SimMember member)
    {
        if (_dice.PerThousand(200))
        {
            var value = new byte[8 + _dice.Below(300)];
            BinaryPrimitives.WriteUInt64LittleEndian(value, ++_nextValue);
            if (member.Running.Propose(value).Refusal == NotDoneReason.None)
                Count("proposed");
        }
        if (_dice.PerThousand(100) && member.Running.ReadIndex(++_nextRead))
            member.Reads.Add(_nextRead, (ulong)_checks.Commits.Count);
    }

    private void ChangeMembers(SimMember member)
    {
        if (member.Running.Role != RaftRole.Leader || !_dice.PerThousand(10))
            return;
        var core = member.Running;
        if (_dice.Below(2) == 0 && _members.Count < MaxMembers)
        {
            var id = new RaftId((ulong)_members.Count + 1);
            var added = new RaftMember(id, $"m{id}", true, $"n{id}");
            if (core.ProposeConfChange(ConfChange.AddLearner(added)).Refusal != NotDoneReason.None)
                return;
            var sim = new SimMember(id);
            _members.Add(id, sim);
            sim.Start(_dice.Next());
            Count("added");
        }
        else if (core.Configuration.VoterCount > 2)
        {
            var gone = _dice.Pick([.. core.Configuration.Members]).Id;
            if (core.ProposeConfChange(ConfChange.Remove(gone)).Refusal == NotDoneReason.None)
                Count("removed");
        }
    }

    /// <summary>What the node's thread does, with a power cut possible between any two steps.</summary>
    private void Settle(SimMember member, SimFaults? faults)
    {
        while (member.Core is { } core && core.TryTakeReady(out var ready))
        {
            Send(member, ready.MessagesBeforeSync);
            if (faults is not null && _dice.PerThousand(faults.CrashInWritePerThousand))
            {
                member.WriteUnsynced(ready);
                Crash(member, "crash in write");
                return;
            }
            _checks.OnWrite(member, ready);
            member.Write(ready);
            if (faults is not null && _dice.PerThousand(faults.CrashInWritePerThousand))
            {
                Crash(member, "crash after sync");
                return;
            }
            Send(member, ready.Messages);
            foreach (var entry in ready.Committed)
            {
                _checks.Commits.OnApply(member.Id, core.Term, entry);
                member.OnApplied(entry.Index);
            }
            OnReads(member, ready.ReadStates);
            core.Advance();
            if (_checks.OnAdvanced(member))
            {
                Count("elected");
                _trace.Add(NowMs, $"{member.Id} leads term {core.Term}, commit {core.CommitIndex}");
            }
        }
    }

    /// <summary>A confirmed read sees at least what was applied anywhere when it was asked (S7 for reads).</summary>
    private void OnReads(SimMember member, IReadOnlyList<ReadState> reads)
    {
        foreach (var read in reads)
        {
            if (!member.Reads.Remove(read.RequestId, out var least) || !read.Confirmed)
                continue;
            Count("reads");
            if (read.Index < least)
                throw new ViolationException($"S8: {member.Id} reads at {read.Index}, {least} was applied before");
        }
    }

    private void Send(SimMember member, IReadOnlyList<RaftMessage> messages)
    {
        foreach (var message in messages)
        {
            _checks.OnSend(member, message);
            _trace.Add(NowMs, $"{member.Id}>{message.Envelope.To} {message.GetType().Name} {message.Envelope.Term}");
            _network.Send(NowMs, RaftMessageCodec.Decode(RaftMessageCodec.Encode(message)));
        }
    }

    private void Crash(SimMember member, string how)
    {
        Count(how);
        _trace.Add(NowMs, $"{member.Id} {how}");
        member.Crash(_dice.Below);
    }

    private void Restart(SimMember member)
    {
        member.Start(_dice.Next());
        _trace.Add(NowMs, $"{member.Id} starts with {member.Log.Count} entries in term {member.Running.Term}");
        _checks.OnRestart(member);
        Settle(member, null);
    }

    private void Heal()
    {
        _network.Heal();
        (_network.LossPerThousand, _network.DuplicatePerThousand, _network.MaxDelayMs) = (0, 0, 5);
        _trace.Add(NowMs, $"healed");
    }

    /// <summary>L1: a leader, and something proposed now is applied by every member of its configuration.</summary>
    private string? Live()
    {
        var target = 0UL;
        while (NowMs < SafetyMs + LivenessMs)
        {
            Turn(null);
            if (_members.Values.FirstOrDefault(m => m.Core is { LeaderReady: true }) is not { } leader)
                continue;
            var members = leader.Running.Configuration.Members;
            if (target == 0 && NowMs > SafetyMs + 2_000)
                target = leader.Running.LastIndex + 1;
            if (target > 0 && members.All(m => _members[m.Id].Applied >= target && !m.Learner))
                return null;
        }
        return $"L1: no progress to {target} within {LivenessMs} ms: "
            + string.Join("; ", _members.Values.Select(m =>
                $"{m.Id} {m.Core?.Role} t{m.Core?.Term} c{m.Core?.CommitIndex} l{m.Core?.LastIndex} "
                    + $"v{m.Core?.Configuration.VoterCount}"));
    }

    private void Count(string what) => Coverage[what] = Coverage.GetValueOrDefault(what) + 1;
}
