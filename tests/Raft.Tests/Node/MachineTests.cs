using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Node;

/// <summary>The synchronous heart of a member, step by step.</summary>
public sealed class MachineTests
{
    [Fact]
    public void R1_R2_Nothing_is_promised_before_the_sync_that_makes_it_true()
    {
        using var one = new OneMachine();
        var others = new RaftConfiguration([LoopbackCluster.Member(1) with { Learner = false },
            LoopbackCluster.Member(2) with { Learner = false }], []);
        one.StartWith(others);
        one.Events.Clear();
        one.Machine.Receive(new VoteRequest(one.From(2, 7), PreVote: false, 1, 1));
        one.Machine.Settle();
        one.Machine.Receive(new AppendRequest(one.From(2, 7), 1, 1, 1, [new(2, 7, EntryType.NoOp, default)]));
        one.Machine.Settle();
        Assert.Equal(["write", "sync", "VoteReply", "write", "sync", "AppendReply"], one.Events);
    }

    [Fact]
    public async Task A_leader_writes_and_sends_at_the_same_time_and_answers_after_both()
    {
        using var one = new OneMachine();
        one.StartAlone();
        one.Events.Clear();
        var result = one.Propose("a");
        Assert.False(result.IsCompleted);
        one.Machine.Settle();
        Assert.True(result.IsCompleted);
        Assert.Equal((ProposeOutcome.Done, (object)1), ((await result).Outcome, (await result).Result!));
        Assert.Equal(["write", "sync"], one.Events[..2]);
    }

    [Fact]
    public void S5_A_snapshot_is_taken_every_so_many_entries_and_the_log_forgets()
    {
        using var one = new OneMachine(o => o with { SnapshotEveryEntries = 20, KeepEntries = 5 });
        one.StartAlone();
        one.ProposeAll(50);
        var status = one.Machine.Picture();
        Assert.InRange(status.SnapshotIndex, status.AppliedIndex - 20, status.AppliedIndex);
        Assert.Equal(status.SnapshotIndex - 4, status.FirstIndex);
    }

    [Fact]
    public void S5_A_snapshot_is_taken_after_so_many_bytes()
    {
        using var one = new OneMachine(o => o with { SnapshotEveryBytes = 1000 });
        one.StartAlone();
        one.ProposeAll(30);
        Assert.True(one.Machine.Picture().SnapshotIndex > 10);
    }

    [Fact]
    public void A_snapshot_is_what_the_state_was_when_it_was_begun_although_writing_takes_long()
    {
        var aside = new Queue<Action>();
        using var one = new OneMachine(
            o => o with { SnapshotEveryEntries = 20, KeepEntries = 0, Aside = aside.Enqueue });
        one.StartAlone();
        one.ProposeAll(40);
        Assert.Equal(0UL, one.Machine.Picture().SnapshotIndex);
        var before = one.Machine.Picture().AppliedIndex;
        while (aside.TryDequeue(out var work))
            work();
        one.Machine.Settle();
        Assert.InRange(one.Machine.Picture().SnapshotIndex, 1UL, before - 1);
        Assert.Equal(one.Machine.Picture().SnapshotIndex + 1, one.Machine.Core.FirstIndex);
    }

    [Fact]
    public async Task A_snapshot_now_is_taken_at_once_and_not_twice()
    {
        using var one = new OneMachine();
        one.StartAlone();
        one.ProposeAll(10);
        var first = new SnapshotNowRequest();
        var second = new SnapshotNowRequest();
        one.Machine.HandIn(first);
        one.Machine.Settle();
        one.Machine.HandIn(second);
        one.Machine.Settle();
        Assert.True(first.Result.IsCompleted && second.Result.IsCompleted);
        Assert.Equal(one.Machine.Applied, (await first.Result).Index);
        Assert.Same(await first.Result, await second.Result);
        Assert.Equal(1, one.State.Captured);
    }

    [Fact]
    public void After_a_change_of_key_a_snapshot_is_written_anew()
    {
        using var one = new OneMachine(o => o with { Keys = [new DataKey(Guid.NewGuid(), new byte[32])] });
        one.StartAlone();
        one.ProposeAll(10);
        var first = new SnapshotNowRequest();
        one.Machine.HandIn(first);
        one.Machine.Settle();
        one.Machine.HandIn(new RotateKeyRequest(new DataKey(Guid.NewGuid(), new byte[32])));
        var second = new SnapshotNowRequest();
        one.Machine.HandIn(second);
        one.Machine.Settle();
        Assert.True(second.Result.IsCompletedSuccessfully);
        Assert.Equal(2, one.State.Captured);
    }

    [Fact]
    public void Without_room_for_a_snapshot_everything_goes_on_and_it_is_tried_again()
    {
        using var one = new OneMachine(o => o with { SnapshotEveryEntries = 10 });
        one.StartAlone();
        one.NoRoomForSnapshots = true;
        one.ProposeAll(40);
        Assert.Equal((0UL, 1), (one.Machine.Picture().SnapshotIndex, one.State.Captured));
        one.NoRoomForSnapshots = false;
        for (var i = 0; i < 3_000; i++)
            one.Machine.Tick();
        one.Machine.Settle();
        Assert.Equal(one.Machine.Applied, one.Machine.Picture().SnapshotIndex);
    }

    [Fact]
    public void Without_room_for_the_leaders_snapshot_a_follower_lives_and_takes_it_later()
    {
        using var one = new OneMachine();
        var both = new RaftConfiguration([LoopbackCluster.Member(1) with { Learner = false },
            LoopbackCluster.Member(2) with { Learner = false }], []);
        one.StartWith(both);
        one.NoRoomForSnapshots = true;
        var state = BitConverter.GetBytes(7);
        SnapshotRequest Piece(int offset, bool last) => new(
            one.From(2, 5), 1, new SnapshotMark(90, 5, both), (ulong)offset, state.AsMemory(offset, 2), last);
        one.Take(Piece(0, last: false));
        one.NoRoomForSnapshots = false;
        one.Sent.Clear();
        one.Take(Piece(2, last: true));
        Assert.Empty(one.Sent);
        for (var i = 0; i < 1_100; i++)
            one.Machine.Tick();
        one.Take(Piece(0, last: false));
        one.Take(Piece(2, last: true));
        Assert.Equal((90UL, 90UL), (one.Machine.Applied, one.Machine.Picture().SnapshotIndex));
        Assert.Equal(7, one.State.Count);
    }

    [Fact]
    public void An_error_aside_stops_the_member()
    {
        using var one = new OneMachine(o => o with { SnapshotEveryEntries = 5 });
        one.StartAlone();
        one.State.Broken = true;
        Assert.Throws<InvalidOperationException>(() => one.ProposeAll(10));
    }

    [Fact]
    public async Task A_member_that_was_held_up_steps_down_before_it_does_anything_else()
    {
        using var one = new OneMachine();
        one.StartWith(new RaftConfiguration([LoopbackCluster.Member(1) with { Learner = false },
            LoopbackCluster.Member(2) with { Learner = false }], []));
        one.Elect(2);
        var write = one.Propose("a");
        one.Machine.DemandStepDown();
        one.Events.Clear();
        one.Machine.Settle();
        Assert.Equal(RaftRole.Follower, one.Machine.Core.Role);
        Assert.True(write.IsCompleted);
        Assert.Equal(ProposeOutcome.Unknown, (await write).Outcome);
        Assert.DoesNotContain("AppendRequest", one.Events);
    }

    [Fact]
    public void A_message_of_a_newer_version_is_counted_and_changes_nothing()
    {
        using var one = new OneMachine();
        one.StartAlone();
        var term = one.Machine.Core.Term;
        one.Machine.Receive(new UnknownMessage(one.From(2, term + 5), 99));
        Assert.Equal((1L, term), (one.Machine.Refused, one.Machine.Core.Term));
    }
}
