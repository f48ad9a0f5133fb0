using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

public sealed class AssignmentSetTests
{
    [Fact]
    public void ACompleteMessageReplacesWhatWasThere()
    {
        var set = new AssignmentSet();
        set.Take(Complete(Task("a"), Task("b")));
        var changes = set.Take(Complete(Task("b"), Task("c")));
        Assert.Equal(["a", "c"], changes.Select(c => c.Task.Value));
        Assert.Null(changes[0].Assigned);
        Assert.Equal(2, set.Count);
    }

    [Fact]
    public void AnIncrementalMessageLeavesTheOthers()
    {
        var set = new AssignmentSet();
        set.Take(Complete(Task("a"), Task("b")));
        var message = new Assignments();
        message.Tasks.Add(Task("a", TaskState.Shutdown));
        message.RemovedTaskIds.Add("b");
        var changes = set.Take(message);
        Assert.Equal(
            [("a", (int?)TaskState.Shutdown), ("b", null)],
            changes.Select(c => (c.Task.Value, c.Assigned?.DesiredState)));
    }

    [Fact]
    public void WhatDidNotChangeIsNoChange()
    {
        var set = new AssignmentSet();
        set.Take(Complete(Task("a")));
        Assert.Empty(set.Take(Complete(Task("a"))));
    }

    [Fact]
    public void RemovingAnUnknownTaskIsNothing()
    {
        var message = new Assignments();
        message.RemovedTaskIds.Add("x");
        Assert.Empty(new AssignmentSet().Take(message));
    }

    private static Assignments Complete(params AssignedTask[] tasks)
    {
        var message = new Assignments { Complete = true };
        message.Tasks.Add(tasks);
        return message;
    }

    private static AssignedTask Task(string id, TaskState desired = TaskState.Running) =>
        new() { Id = id, DesiredState = (int)desired, Spec = new TaskSpec() };
}
