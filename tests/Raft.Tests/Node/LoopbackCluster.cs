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

    public RaftNode this[ulong id] => _nodes[id];

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    public static RaftMember Member(ulong id) => new(new RaftId(id), $"m{id}:1", Learner: true, $"n{id}");

    public RaftNodeOptions Options(ulong id) => new()
    {
        Directory = Path.Combine(_root, $"m{id}"),
        ClusterId = "loopback",
        Id = new RaftId(id),
        Address = $"m{id}:1",
        HeartbeatMs = 50,
        ElectionTimeoutMinMs = 250,
        ElectionTimeoutMaxMs = 500,
        SegmentBytes = 1 << 16,
    };

    public RaftNode Start(ulong id, IDisk? disk = null)
    {
        var machine = Machines[id] = new Machine();
        var options = Options(id) with { Disk = disk ?? new LinuxDisk() };
        return _nodes[id] = RaftNode.Start(options, new Transport(this, id), machine);
    }

    /// <summary>One voter and then the others, through learner to voter.</summary>
    public async Task FormAsync(int count)
    {
        RaftNode.Bootstrap(Options(1), Member(1));
        Start(1);
        await UntilAsync(() => this[1].Status.LeaderReady);
        for (ulong id = 2; id <= (ulong)count; id++)
        {
            Start(id);
            ProposeResult result;
            do
                result = await this[1].ChangeMembershipAsync(ConfChange.AddLearner(Member(id)), Deadline);
            while (result.Reason == NotDoneReason.ChangePending);
            Assert.Equal(ProposeOutcome.Done, result.Outcome);
            await UntilAsync(() => this[1].Status.Members.Count(m => !m.Learner) == (int)id);
        }
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

        public string[] Applied
        {
            get
            {
                lock (_applied)
                    return [.. _applied];
            }
        }

        public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
        {
            lock (_applied)
            {
                _applied.Add(System.Text.Encoding.UTF8.GetString(data.Span));
                return _applied.Count;
            }
        }
    }

    private sealed class Transport(LoopbackCluster cluster, ulong self) : IRaftTransport
    {
        public void Send(RaftMember to, RaftMessage message)
        {
            if (cluster._isolated.ContainsKey(self) || cluster._isolated.ContainsKey(to.Id.Value))
                return;
            if (cluster._nodes.TryGetValue(to.Id.Value, out var node))
                node.Receive(RaftMessageCodec.Decode(RaftMessageCodec.Encode(message)));
        }
    }
}
