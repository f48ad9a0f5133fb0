using Swarm.Raft.Storage;
using Swarm.Raft.Testing;

namespace Swarm.Raft.Tests.Node;

/// <summary>A machine without thread and clock; what it does is recorded in order.</summary>
internal sealed class OneMachine : IDisposable
{
    private readonly RaftNodeOptions _options;
    private RaftMachine? _machine;

    public OneMachine(Func<RaftNodeOptions, RaftNodeOptions>? change = null)
    {
        _options = new RaftNodeOptions
        {
            Directory = "/r", ClusterId = "c", Id = new RaftId(1), Address = "m1:1", Disk = Disk,
            SegmentBytes = 1 << 16, Aside = static work => work(),
        };
        _options = change?.Invoke(_options) ?? _options;
        Disk.FailErrno = StorageFailedException.NoSpaceErrno;
        Disk.Fails = (operation, path) =>
        {
            if (operation is "write" or "sync" && Events.LastOrDefault() != operation)
                Events.Add(operation);
            return NoRoomForSnapshots && operation == "write" && !path.Contains(".wal", StringComparison.Ordinal)
                && !path.EndsWith("reserve", StringComparison.Ordinal);
        };
    }

    public MemoryDisk Disk { get; } = new();

    public StorageOptions Storage => _options.Storage;

    /// <summary>Only the log has room.</summary>
    public bool NoRoomForSnapshots { get; set; }

    /// <summary>Writes, syncs and messages in order; what repeats at once counts once.</summary>
    public List<string> Events { get; } = [];

    public List<RaftMessage> Sent { get; } = [];

    public RecordedState State { get; } = new();

    public RaftMachine Machine => _machine ?? throw new InvalidOperationException("not started");

    public Envelope From(ulong id, ulong term) => new("c", new RaftId(id), new RaftId(1), term, $"m{id}:1");

    public void StartAlone()
    {
        RaftNode.Bootstrap(_options, LoopbackCluster.Member(1));
        Start();
    }

    public void StartWith(RaftConfiguration configuration)
    {
        using (var storage = RaftStorage.Open(_options.Storage, out _))
            storage.Append(
                new HardState(1, RaftId.None, 1), [new(1, 1, EntryType.ConfChange, configuration.Encode())],
                sync: true);
        Start();
    }

    /// <summary>With the vote of another member.</summary>
    public void Elect(ulong voter)
    {
        while (Machine.Core.Role == RaftRole.Follower)
            Machine.Tick();
        Machine.Settle();
        Machine.Receive(new VoteReply(From(voter, Machine.Core.Term + 1), PreVote: true, Granted: true));
        Machine.Settle();
        Machine.Receive(new VoteReply(From(voter, Machine.Core.Term), PreVote: false, Granted: true));
        Machine.Settle();
        Assert.Equal(RaftRole.Leader, Machine.Core.Role);
    }

    public void Take(RaftMessage message)
    {
        Machine.Receive(message);
        Machine.Settle();
    }

    public Task<ProposeResult> Propose(string text)
    {
        var request = new ProposalRequest(System.Text.Encoding.UTF8.GetBytes(text), null);
        Machine.HandIn(request);
        return request.Result;
    }

    public void ProposeAll(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Propose($"e{i}");
            Machine.Settle();
        }
    }

    public void Dispose() => _machine?.Dispose();

    private void Start()
    {
        var storage = RaftStorage.Open(_options.Storage, out var stored);
        _machine = new RaftMachine(_options, new(storage, stored, new Transport(this), State, Seed: 1));
        _machine.Settle();
    }

    private sealed class Transport(OneMachine owner) : IRaftTransport
    {
        public void Send(RaftMember to, RaftMessage message)
        {
            owner.Events.Add(message.GetType().Name);
            owner.Sent.Add(message);
        }
    }

    internal sealed class RecordedState : IStateMachine
    {
        private int _count;

        public int Count => _count;

        public int Captured { get; private set; }

        public bool Broken { get; set; }

        public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data) => ++_count;

        public IStatePicture Capture()
        {
            Captured++;
            return new Picture(_count, Broken);
        }

        public Action PrepareRestore(ulong index, ulong term, Stream snapshot)
        {
            var bytes = new byte[sizeof(int)];
            snapshot.ReadExactly(bytes);
            return () => _count = BitConverter.ToInt32(bytes);
        }

        private sealed class Picture(int count, bool broken) : IStatePicture
        {
            public ulong Index => (ulong)count;

            public void WriteTo(Stream target)
            {
                if (broken)
                    throw new InvalidOperationException("broken");
                target.Write(BitConverter.GetBytes(count));
            }

            public UInt128 Hash() => (UInt128)(uint)count;
        }
    }
}
