using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Cores on a network that delivers at once or not at all, with disks that keep what was written.</summary>
internal sealed class TestCluster
{
    public const string ClusterId = "test";
    private readonly SortedDictionary<ulong, TestMember> _members = [];
    private readonly Queue<RaftMessage> _network = new();
    private readonly HashSet<(ulong From, ulong To)> _cuts = [];

    public TestCluster(int voters)
    {
        var all = Enumerable.Range(1, voters).Select(i => Describe((ulong)i, learner: false)).ToArray();
        var first = new RaftEntry(1, 1, EntryType.ConfChange, new RaftConfiguration([.. all], []).Encode());
        foreach (var member in all)
            Add(member.Id.Value, new RaftPersisted(new HardState(1, RaftId.None, 1), [first]));
    }

    /// <summary>Messages that match are lost.</summary>
    public Func<RaftMessage, bool> Lose { get; set; } = _ => false;

    public List<RaftMessage> Sent { get; } = [];

    public RaftCore this[ulong id] => _members[id].Core;

    public static RaftMember Describe(ulong id, bool learner) => new(new RaftId(id), $"m{id}:1", learner, $"n{id}");

    public static Envelope From(ulong from, ulong to, ulong term) =>
        new(ClusterId, new RaftId(from), new RaftId(to), term, "");

    public static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public void Add(ulong id, RaftPersisted persisted) => _members[id] = new TestMember(id, persisted);

    public IReadOnlyList<RaftEntry> Log(ulong id) => _members[id].Log;

    public string Applied(ulong id) => string.Join(",", _members[id].Applied);

    public IReadOnlyList<ReadState> Reads(ulong id) => _members[id].Reads;

    /// <summary>A durable snapshot of what the member applied, with so many bytes more; nothing is kept that nobody
    /// needs.</summary>
    public void Snapshot(ulong id, int padding = 0)
    {
        _members[id].TakeSnapshot(padding);
        Deliver();
    }

    /// <summary>From now on the member is gone; its disk stays.</summary>
    public void Stop(ulong id) => _members[id].Down = true;

    /// <summary>It was only held up.</summary>
    public void Resume(ulong id) => _members[id].Down = false;

    /// <summary>A snapshot that comes in whole is not read before <see cref="EndReading"/>.</summary>
    public void ReadSlowly(ulong id) => _members[id].ReadsForEver = true;

    /// <summary>True when what was read is installed.</summary>
    public bool EndReading(ulong id)
    {
        _members[id].ReadsForEver = false;
        var isNew = this[id].SnapshotPrepared();
        Deliver();
        return isNew;
    }

    public void Restart(ulong id)
    {
        var old = _members[id];
        _members[id] = new TestMember(id, old.Persisted) { Snapshots = old.Snapshots };
        _members[id].Restore();
    }

    public void Isolate(ulong id)
    {
        foreach (var other in _members.Keys)
            CutLink(id, other);
    }

    public void CutLink(ulong a, ulong b)
    {
        _cuts.Add((a, b));
        _cuts.Add((b, a));
    }

    public void Heal() => _cuts.Clear();

    /// <summary>Lets one member's election timeout pass, the others' clocks standing still.</summary>
    public void Campaign(ulong id)
    {
        for (var i = 0; i <= 200 && this[id].Role is RaftRole.Follower; i++)
            this[id].Tick();
        Deliver();
    }

    /// <summary>Everybody's clock.</summary>
    public void Tick(int count = 1)
    {
        for (; count > 0; count--)
        {
            foreach (var member in _members.Values.Where(m => !m.Down))
                member.Core.Tick();
            Deliver();
        }
    }

    /// <summary>Time for a leader to tell what is committed when it has nothing else to say.</summary>
    public void TellCommit() => Tick(2);

    public ulong TickUntilLeader(params ulong[] among)
    {
        for (var i = 0; i < 3000; i++)
        {
            Tick();
            var leader = _members.FirstOrDefault(m =>
                !m.Value.Down && m.Value.Core.LeaderReady && (among.Length == 0 || among.Contains(m.Key))).Key;
            if (leader != 0)
                return leader;
        }
        throw new InvalidOperationException("no leader within 3000 ticks");
    }

    public void Propose(ulong id, string text)
    {
        Assert.Equal(NotDoneReason.None, this[id].Propose(Bytes(text)).Refusal);
        Deliver();
    }

    public StepOutcome Step(ulong id, RaftMessage message)
    {
        var outcome = this[id].Step(message);
        Deliver();
        return outcome;
    }

    /// <summary>Everybody does what is ready and receives what was sent, until nothing moves.</summary>
    public void Deliver()
    {
        for (var moved = true; moved;)
        {
            moved = false;
            foreach (var member in _members.Values.Where(m => !m.Down))
                moved |= member.Settle(Post);
            while (_network.TryDequeue(out var message))
            {
                moved = true;
                if (_members.TryGetValue(message.Envelope.To.Value, out var to) && !to.Down)
                    to.Core.Step(message);
            }
        }
    }

    private void Post(RaftMessage message)
    {
        Sent.Add(message);
        var link = (message.Envelope.From.Value, message.Envelope.To.Value);
        if (!_cuts.Contains(link) && !Lose(message))
            _network.Enqueue(message);
    }
}
