using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Node;

/// <summary>A leader's snapshot is made durable and read aside; the raft thread only switches.</summary>
public sealed class InstallTests : IDisposable
{
    private const ulong Term = 5;
    private static readonly RaftConfiguration Both = new(
        [LoopbackCluster.Member(1) with { Learner = false }, LoopbackCluster.Member(2) with { Learner = false }], []);

    private readonly Queue<Action> _aside = new();
    private readonly OneMachine _one;

    public InstallTests()
    {
        _one = new OneMachine(o => o with { Aside = _aside.Enqueue });
        _one.StartWith(Both);
        RunAside();
    }

    public void Dispose() => _one.Dispose();

    [Fact]
    public void While_it_is_read_heartbeats_are_answered_and_the_old_state_counts()
    {
        TakeAll();
        Assert.NotEmpty(_aside);
        _one.Sent.Clear();
        _one.Take(new HeartbeatRequest(_one.From(2, Term), 1, 7));
        Assert.IsType<HeartbeatReply>(Assert.Single(_one.Sent));
        Assert.Equal((1UL, 0), (_one.Machine.Applied, _one.State.Count));
        RunAside();
        Assert.Equal((90UL, 7), (_one.Machine.Applied, _one.State.Count));
        Assert.Equal(90UL, _one.Machine.Picture().SnapshotIndex);
    }

    [Fact]
    public void It_is_said_to_be_installed_only_after_the_sync_that_makes_it_so()
    {
        TakeAll();
        Assert.DoesNotContain(_one.Sent, m => m is SnapshotReply { Outcome: SnapshotOutcome.Installed });
        _one.Events.Clear();
        RunAside();
        var reply = _one.Events.IndexOf("SnapshotReply");
        Assert.Equal("sync", _one.Events[reply - 1]);
        Assert.Equal(SnapshotOutcome.Installed, Assert.IsType<SnapshotReply>(_one.Sent[^1]).Outcome);
    }

    [Fact]
    public void Without_room_for_its_end_it_is_given_up_and_taken_later()
    {
        TakeAll();
        _one.NoRoomForSnapshots = true;
        RunAside();
        Assert.Equal((1UL, 0), (_one.Machine.Applied, _one.State.Count));
        _one.NoRoomForSnapshots = false;
        for (var i = 0; i < 1_100; i++)
            _one.Machine.Tick();
        TakeAll();
        RunAside();
        Assert.Equal((90UL, 7), (_one.Machine.Applied, _one.State.Count));
    }

    [Fact]
    public void What_cannot_be_read_ends_the_member_and_leaves_what_it_had()
    {
        _one.Take(Piece([1], last: true));
        Assert.Throws<EndOfStreamException>(RunAside);
        Assert.DoesNotContain(_one.Disk.ListFiles("/r"), f => f.EndsWith(".snap", StringComparison.Ordinal));
    }

    [Fact]
    public void A_crash_while_it_is_read_leaves_what_was_there()
    {
        TakeAll();
        _one.Machine.Dispose();
        Assert.Contains(_one.Disk.ListFiles("/r"), f => f.EndsWith(".tmp", StringComparison.Ordinal));
        using var storage = RaftStorage.Open(_one.Storage, out var stored);
        Assert.Equal((null, 1UL), ((object?)stored.Snapshot, stored.HardState.Commit));
    }

    private void TakeAll() => _one.Take(Piece(BitConverter.GetBytes(7), last: true));

    private SnapshotRequest Piece(byte[] state, bool last) =>
        new(_one.From(2, Term), 1, new SnapshotMark(90, Term, Both), 0, state, last);

    private void RunAside()
    {
        while (_aside.TryDequeue(out var work))
        {
            work();
            _one.Machine.Settle();
        }
    }
}
