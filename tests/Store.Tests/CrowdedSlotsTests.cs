using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Store.Tests;

/// <summary>Who is told that a slot is not crowded need not look what else is in it.</summary>
public sealed class CrowdedSlotsTests
{
    private static readonly ServiceId Service = new("s");
    private readonly CrowdedSlots _crowded = new();
    private readonly Log _log = new();
    private ClusterState _seen;

    public CrowdedSlotsTests()
    {
        _log.Must(new StoreAction.CreateService(Service, Log.Spec("s")));
        _log.Must(new StoreAction.CreateTask(_log.Task("a", 1)), new StoreAction.CreateTask(_log.Task("b", 2)));
        _seen = _log.State;
        foreach (var (key, tasks) in _seen.SlotsOf(Service))
        {
            _crowded.Add(key, tasks);
        }
    }

    [Fact]
    public void A_slot_is_crowded_from_its_second_task_until_it_was_seen_with_one()
    {
        Assert.False(_crowded.Has(Slot(1)));
        Follow(new StoreAction.CreateTask(_log.Task("c", 1)));
        Assert.True(_crowded.Has(Slot(1)));
        Assert.False(_crowded.Has(Slot(2)));
        Assert.True(_crowded.TryVisit(Slot(1), 2));
        Assert.False(_crowded.TryVisit(Slot(1), 2));
        Follow(new StoreAction.DeleteTask(new TaskId("a")));
        Assert.True(_crowded.Has(Slot(1)));
        Assert.True(_crowded.TryVisit(Slot(1), 1));
        Assert.True(_crowded.Has(Slot(1)));
        Follow(new StoreAction.CreateTask(_log.Task("d", 3)));
        Assert.False(_crowded.Has(Slot(1)));
    }

    /// <summary>There was never more than one in any state, but both are among what changed.</summary>
    [Fact]
    public void A_slot_whose_task_was_exchanged_is_crowded_in_that_change()
    {
        Follow(new StoreAction.DeleteTask(new TaskId("a")), new StoreAction.CreateTask(_log.Task("c", 1)));
        Assert.True(_crowded.Has(Slot(1)));
        Assert.True(_crowded.TryVisit(Slot(1), 1));
        Follow(new StoreAction.CreateTask(_log.Task("d", 3)));
        Assert.False(_crowded.Has(Slot(1)));
    }

    [Fact]
    public void Slots_that_are_crowded_when_all_are_looked_at_are_known()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("c", 2)));
        var late = new CrowdedSlots();
        foreach (var (key, tasks) in _log.State.SlotsOf(Service))
        {
            late.Add(key, tasks);
        }

        Assert.True(late.Has(Slot(2)));
        Assert.False(late.Has(Slot(1)));
    }

    [Fact]
    public void Where_a_slot_is_not_crowded_the_change_is_all_there_is() => Prop.ForAll(RandomLog.Seeds, seed =>
    {
        var (log, state) = (new RandomLog(seed), ClusterState.Empty);
        var books = new Dictionary<ServiceId, CrowdedSlots>();
        for (var i = 0; i < 120; i++)
        {
            var before = state;
            state = state.Apply(log.Next(state), state.LastIndex + 1).State;
            foreach (var delta in StateDelta.Between(before, state).Tasks)
            {
                if (!books.TryGetValue(delta.Id, out var book))
                {
                    books[delta.Id] = book = new CrowdedSlots();
                }

                book.Begin(delta);
                Check(book, delta);
            }
        }
    }).QuickCheckThrowOnFailure();

    private static void Check(CrowdedSlots book, ServiceDelta delta)
    {
        foreach (var (before, after) in delta.Tasks)
        {
            var key = (after ?? before!).Key;
            var was = delta.Before.TryGetValue(key, out var old) ? old : [];
            var now = delta.After.TryGetValue(key, out var has) ? has : [];
            if (!book.Has(key))
            {
                Assert.Equal(before is null ? [] : new[] { before.Id }, was);
                Assert.Equal(after is null ? [] : new[] { after.Id }, now);
            }
            else
            {
                book.TryVisit(key, now.Length);
            }
        }
    }

    private void Follow(params StoreAction[] actions)
    {
        _log.Must(actions);
        _crowded.Begin(StateDelta.Between(_seen, _log.State).Of(Service));
        _seen = _log.State;
    }

    private static SlotKey Slot(ulong number) => new(Service, number, default);
}
