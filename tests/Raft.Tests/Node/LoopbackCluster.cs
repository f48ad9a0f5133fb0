using System.Collections.Concurrent;
using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Node;

/// <summary>Nodes on real directories, joined by a transport in memory that can be cut.</summary>
internal sealed class LoopbackCluster : IAsyncDisposable
{
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("raft-node-").FullName;
    private readonly ConcurrentDictionary<ulong, RaftNode> _nodes = new();
    private readonly ConcurrentDictionary<ulong, bool> _isolated = new();

    public ConcurrentDictionary<ulong, Machine> Machines { get; } = new();

    /// <summary>Messages that match are lost.</summary>
    public Func<RaftMessage, bool> Lose { get; set; } = _ => false;

    /// <summary>Who sends a message acts on it for the receiver.</summary>
    public bool SendersAct { get; set; }

    /// <summary>A thread of nobody acts on a message for the receiver, as readers of connections do. One of the sending
    /// member could hang in the receiver, and a hanging leader would take a second member with it.</summary>
    public bool ReadersAct { get; set; }

    public RaftNode this[ulong id] => _nodes[id];

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    public static RaftMember Member(ulong id) => new(new RaftId(id), $"m{id}:1", Learner: true, $"n{id}");

    /// <summary>Options that differ from the usual ones.</summary>
    public Func<RaftNodeOptions, RaftNodeOptions> Change { get; set; } = o => o;

    public RaftNodeOptions Options(ulong id) => Change(new()
    {
        Directory = Path.Combine(_root, $"m{id}"),
        ClusterId = "loopback",
        Id = new RaftId(id),
        Address = $"m{id}:1",
        HeartbeatMs = 50,
        ElectionTimeoutMinMs = 400,
        ElectionTimeoutMaxMs = 800,
        StallTimeoutMs = 1_000,
        SegmentBytes = 1 << 16,
    });

    public RaftNode Start(ulong id, IDisk? disk = null)
    {
        var machine = Machines[id] = new Machine();
        var options = Options(id) with { Disk = disk ?? new LinuxDisk() };
        return _nodes[id] = RaftNode.Start(options, new Transport(this, id), machine);
    }

    /// <summary>One voter and then the others, through learner to voter.</summary>
    public async Task FormAsync(int count, IDisk? first = null)
    {
        RaftNode.Bootstrap(Options(1) with { Disk = first ?? new LinuxDisk() }, Member(1));
        Start(1, first);
        await UntilAsync(() => this[1].Status.LeaderReady);
        for (ulong id = 2; id <= (ulong)count; id++)
            await JoinAsync(id);
    }

    /// <summary>Joins through member 1, which leads, up to the vote.</summary>
    public async Task JoinAsync(ulong id)
    {
        Start(id);
        await ChangeAsync(ConfChange.AddLearner(Member(id)));
        await UntilAsync(() => this[1].Status.Members.Count(m => !m.Learner) == (int)id);
    }

    /// <summary>Through member 1, which leads, once it has committed the change before.</summary>
    public async Task ChangeAsync(ConfChange change)
    {
        ProposeResult result;
        do
            result = await this[1].ChangeMembershipAsync(change, Deadline);
        while (result.Reason == NotDoneReason.ChangePending);
        Assert.True(
            result.Outcome == ProposeOutcome.Done,
            $"{result.Outcome}, {result.Reason}: {result.Message}; {this[1].Status}");
    }

    public void Isolate(ulong id) => _isolated[id] = true;

    public async Task StopAsync(ulong id)
    {
        if (_nodes.TryRemove(id, out var node))
            await node.DisposeAsync();
    }

    public async Task<ulong> LeaderAsync()
    {
        var leader = 0UL;
        await UntilAsync(() => (leader = _nodes.FirstOrDefault(
            n => n.Value.Status.LeaderReady && !_isolated.ContainsKey(n.Key)).Key) != 0);
        return leader;
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        for (var deadline = Deadline; !condition();)
            await Task.Delay(5, deadline);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in _nodes.Keys)
            await StopAsync(id);
        System.IO.Directory.Delete(_root, recursive: true);
    }

    internal sealed class Machine : IStateMachine
    {
        private readonly List<string> _applied = [];
        private ulong _index;

        /// <summary>Called before an entry is applied.</summary>
        public Action<string>? OnApply { get; set; }

        /// <summary>Makes the hash another one than the state's.</summary>
        public uint Lie { get; set; }

        public string[] Applied
        {
            get
            {
                lock (_applied)
                    return [.. _applied];
            }
        }

        /// <summary>Entries that were applied since this start.</summary>
        public int Calls { get; private set; }

        public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
        {
            Calls++;
            OnApply?.Invoke(System.Text.Encoding.UTF8.GetString(data.Span));
            lock (_applied)
            {
                _applied.Add(System.Text.Encoding.UTF8.GetString(data.Span));
                _index = index;
                return _applied.Count;
            }
        }

        public IStatePicture Capture()
        {
            lock (_applied)
                return new Picture(_index, [.. _applied], Lie);
        }

        public Action PrepareRestore(ulong index, ulong term, Stream snapshot)
        {
            using var reader = new StreamReader(snapshot);
            var read = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return () =>
            {
                lock (_applied)
                {
                    _applied.Clear();
                    _applied.AddRange(read);
                    _index = index;
                }
            };
        }

        private sealed class Picture(ulong index, string[] applied, uint lie) : IStatePicture
        {
            public ulong Index => index;

            public void WriteTo(Stream target) =>
                target.Write(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', applied)));

            public UInt128 Hash() => applied.Aggregate(
                (UInt128)lie, (hash, text) => (hash * 31) + (UInt128)(uint)text.Length + text[0]);
        }
    }

    private sealed class Transport(LoopbackCluster cluster, ulong self) : IRaftTransport
    {
        public void Send(RaftMember to, RaftMessage message)
        {
            if (cluster._isolated.ContainsKey(self) || cluster._isolated.ContainsKey(to.Id.Value)
                || cluster.Lose(message))
                return;
            if (!cluster._nodes.TryGetValue(to.Id.Value, out var node))
                return;
            var received = RaftMessageCodec.Decode(RaftMessageCodec.Encode(message));
            if (cluster.ReadersAct)
                ThreadPool.UnsafeQueueUserWorkItem(_ => node.Act([received]), null);
            else if (cluster.SendersAct)
                node.Act([received]);
            else
                node.Receive(received);
        }
    }
}
