using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Store.Tests;

public sealed class RequestTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ServiceId Id = new("s");

    [Fact]
    public void A_command_that_comes_again_gets_its_first_answer_and_does_nothing()
    {
        var first = Apply(ClusterState.Empty, Command(1, new StoreAction.CreateService(Id, Log.Spec("web"))));
        var other = new StoreAction.CreateService(new ServiceId("other"), Log.Spec("web"));
        var again = Apply(first.State, Command(1, other));
        Assert.True(again.Outcomes[0].IsApplied);
        Assert.Equal(("s", 1UL), (again.Request!.Subject, again.Request.SubjectVersion));
        Assert.True(again.Changes.IsEmpty);
        Assert.Equal(first.State.Hash128, again.State.Hash128);
        Assert.Equal(2UL, again.State.LastIndex);
    }

    [Fact]
    public void A_refusal_stays_a_refusal_when_the_reason_has_gone()
    {
        var state = Apply(ClusterState.Empty, Command(1, new StoreAction.CreateService(Id, Log.Spec("web")))).State;
        var taken = new StoreAction.CreateService(new ServiceId("o"), Log.Spec("web"));
        var refused = Apply(state, Command(2, taken));
        state = Apply(refused.State, Command(3, new StoreAction.RemoveService(Id))).State;
        var again = Apply(state, Command(2, taken));
        Assert.Equal(refused.Outcomes[0], again.Outcomes[0]);
        Assert.Equal(RefusalKind.NameInUse, again.Outcomes[0].Kind);
        Assert.True(Apply(again.State, Command(4, taken)).Outcomes[0].IsApplied);
    }

    [Fact]
    public void An_id_that_was_used_for_something_else_is_refused()
    {
        var state = Apply(ClusterState.Empty, Command(1, new StoreAction.CreateService(Id, Log.Spec("web")))).State;
        var entry = Command(1, new StoreAction.RemoveService(Id));
        var result = Apply(state, entry with { Request = entry.Request! with { Digest = 99 } });
        Assert.Equal(RefusalKind.RequestReused, result.Outcomes[0].Kind);
        Assert.Null(result.Request);
        Assert.False(result.State.Services[Id].Removing);
    }

    [Fact]
    public void Commands_are_forgotten_by_age_and_by_number()
    {
        var remove = new StoreAction.RemoveService(Id);
        var late = At.AddSeconds(RecentRequests.MaxAgeSeconds);
        var state = ClusterState.Empty;
        for (var i = 0; i <= RecentRequests.MinCount; i++)
        {
            state = Apply(state, Command((ulong)i, remove)).State;
        }

        state = state.Apply(StoreEntry.Of(late, remove), state.LastIndex + 1).State;
        Assert.Equal(RecentRequests.MinCount + 1, state.Requests.Count);
        state = state.Apply(StoreEntry.Of(late.AddSeconds(1), remove), state.LastIndex + 1).State;
        Assert.Equal(RecentRequests.MinCount, state.Requests.Count);
        Assert.Null(state.Requests.Find(Mark(0).Id));
        for (var i = RecentRequests.MinCount + 1; i <= RecentRequests.MaxCount + 1; i++)
        {
            state = Apply(state, Command((ulong)i, remove) with { At = late }).State;
        }

        Assert.Equal(RecentRequests.MaxCount, state.Requests.Count);
        Assert.Null(state.Requests.Find(Mark(1).Id));
        Assert.NotNull(state.Requests.Find(Mark(2).Id));
    }

    /// <summary>What is known goes back to the oldest command, less what clocks may differ.</summary>
    [Fact]
    public void Of_many_commands_nobody_can_say_what_was_before_the_oldest()
    {
        var state = ClusterState.Empty;
        for (var i = 0; i <= RecentRequests.MaxCount; i++)
        {
            state = Apply(state, Command((ulong)i, new StoreAction.RemoveService(Id))).State;
        }

        Assert.True(state.Requests.Remembers(TimeSpan.FromSeconds(57), At.AddMinutes(1)));
        Assert.False(state.Requests.Remembers(TimeSpan.FromSeconds(59), At.AddMinutes(1)));
        Assert.False(state.Requests.Remembers(TimeSpan.FromMilliseconds(1), At.AddSeconds(1)));
    }

    [Fact]
    public void Few_commands_are_all_known_for_an_hour()
    {
        Assert.True(RecentRequests.None.Remembers(TimeSpan.FromMinutes(59), At));
        Assert.False(RecentRequests.None.Remembers(TimeSpan.FromMinutes(60), At));
    }

    /// <summary>One leader's wall clock a day ahead must not let a command act again that its client asks for once
    /// more.</summary>
    [Fact]
    public void A_clock_that_jumps_ahead_forgets_no_command()
    {
        var state = Apply(ClusterState.Empty, Command(1, new StoreAction.CreateService(Id, Log.Spec("web")))).State;
        state = state.Apply(StoreEntry.Of(At.AddDays(1), new StoreAction.RemoveService(Id)), 2).State;
        var again = Apply(state, Command(1, new StoreAction.CreateService(new ServiceId("o"), Log.Spec("web"))));
        Assert.True(again.Changes.IsEmpty);
        Assert.Equal("s", again.Request!.Subject);
    }

    [Fact]
    public void A_snapshot_remembers_commands()
    {
        var state = Apply(ClusterState.Empty, Command(1, new StoreAction.SetCluster(Golden.Cluster()))).State;
        state = Apply(state, Command(2, new StoreAction.CreateService(Id, Log.Spec("web")))).State;
        state = Apply(state, Command(3, new StoreAction.UpdateServiceSpec(Id, 9, Log.Spec("web")))).State;
        var copy = SnapshotCodec.Decode(SnapshotCodec.Encode(state));
        Assert.Equal(state.Requests.InOrder, copy.Requests.InOrder);
        Assert.Equal(2UL, copy.Requests.Find(Mark(3).Id)!.Outcome.CurrentVersion);
    }

    /// <summary>Replies are lost, so clients send again, at any time and in any order (raft-pitfalls R18).</summary>
    [Fact]
    public void However_often_commands_come_each_acts_once() => Prop.ForAll<(byte Which, bool Lost)[]>(tries =>
    {
        var state = ClusterState.Empty;
        var sent = new HashSet<byte>();
        foreach (var (which, _) in tries.Concat(tries.Where(t => t.Lost)))
        {
            // Each try makes an id of its own, as a leader does: names repeat, so without the ids some would collide.
            var service = new StoreAction.CreateService(
                new ServiceId($"s{state.LastIndex}"), Log.Spec($"web{which}"));
            var result = Apply(state, Command(which, service));
            Assert.True(result.Outcomes[0].IsApplied, result.Outcomes[0].Message);
            Assert.Equal(sent.Add(which), !result.Changes.IsEmpty);
            Assert.Equal(result.Request!.Subject, result.State.FindService($"web{which}")!.Id.Value);
            state = result.State;
        }

        Assert.Equal(sent.Count, state.Services.Count);
    }).QuickCheckThrowOnFailure();

    private static ApplyResult Apply(ClusterState state, StoreEntry entry) =>
        state.Apply(EntryCodec.Decode(EntryCodec.Encode(entry)), state.LastIndex + 1);

    private static StoreEntry Command(ulong sequence, StoreAction action) =>
        StoreEntry.Of(At, action) with { Request = Mark(sequence) };

    private static RequestMark Mark(ulong sequence) => new(new RequestId(UInt128.MaxValue, sequence, 3), sequence);
}
