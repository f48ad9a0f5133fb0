using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Store.Tests;

/// <summary>What an entry says that it changed is what differs between the states, each task once.</summary>
public sealed class TaskChangesTests
{
    private const ulong Index = 7;

    [Fact]
    public void What_was_touched_twice_is_told_once_from_what_it_was_to_what_it_is()
    {
        var changes = new TaskChanges(Index, 4);
        var (first, second) = (Task("a", 3), Task("b", 4));
        changes.Note(first, Task("a", Index));
        changes.Note(second, Task("b", Index));
        var last = Task("a", Index);
        changes.Note(Task("a", Index), last);
        var told = changes.Finish();
        Assert.Equal(["a", "b"], told.Select(c => c.Before!.Id.Value));
        Assert.Same(first, told[0].Before);
        Assert.Same(last, told[0].After);
        Assert.Same(second, told[1].Before);
    }

    [Fact]
    public void What_came_and_went_within_the_entry_never_was()
    {
        var changes = new TaskChanges(Index, 4);
        changes.Note(null, Task("a", Index));
        changes.Note(null, Task("b", Index));
        changes.Note(Task("a", Index), null);
        Assert.Equal("b", changes.Finish().Single().After!.Id.Value);
    }

    [Fact]
    public void What_went_and_came_again_changed()
    {
        var changes = new TaskChanges(Index, 4);
        var (was, now) = (Task("a", 3), Task("a", Index));
        changes.Note(was, null);
        changes.Note(null, Task("b", Index));
        changes.Note(null, now);
        var told = changes.Finish();
        Assert.Equal(2, told.Length);
        Assert.Same(was, told[0].Before);
        Assert.Same(now, told[0].After);
    }

    [Fact]
    public void Changes_are_the_difference_of_the_states() => Prop.ForAll(RandomLog.Seeds, seed =>
    {
        var (log, state) = (new RandomLog(seed), ClusterState.Empty);
        for (var i = 0; i < 60; i++)
        {
            var before = state;
            var result = state.Apply(log.Next(state), state.LastIndex + 1);
            state = result.State;
            var told = result.Changes.Tasks;
            Assert.Equal(told.Length, told.Select(Id).Distinct().Count());
            Assert.All(told, c => Assert.Same(before.Tasks.Get(Id(c)), c.Before));
            Assert.All(told, c => Assert.Same(state.Tasks.Get(Id(c)), c.After));
            Assert.Subset(
                told.Select(Id).ToHashSet(),
                StateDelta.Between(before, state).Tasks.SelectMany(s => s.Tasks).Select(Id).ToHashSet());
        }
    }).QuickCheckThrowOnFailure();

    private static TaskId Id(Change<TaskRecord> change) => (change.After ?? change.Before!).Id;

    private static TaskRecord Task(string id, ulong version) => new()
    {
        Id = new TaskId(id),
        ServiceId = new ServiceId("s"),
        SpecVersion = 1,
        Slot = 1,
        DesiredState = TaskState.Running,
        CreatedAt = default,
        Version = version,
        Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
    };
}
