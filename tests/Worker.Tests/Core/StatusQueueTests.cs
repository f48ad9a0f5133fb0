using Swarm.Model;
using Swarm.Worker.Core;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker.Tests.Core;

public sealed class StatusQueueTests
{
    private static readonly TaskId A = new("a");
    private static readonly TaskId B = new("b");

    [Fact]
    public void ManyReportsShareABatch()
    {
        var queue = new StatusQueue();
        queue.Add(A, Status(TaskState.Accepted));
        queue.Add(A, Status(TaskState.Preparing));
        queue.Add(B, Status(TaskState.Running));
        var batch = queue.Next();
        Assert.NotNull(batch);
        Assert.Equal(
            [("a", (int)TaskState.Preparing), ("b", (int)TaskState.Running)],
            batch.Reports.Select(r => (r.TaskId, r.Status.State)));
    }

    [Fact]
    public void OneBatchIsUnderWayAtATime()
    {
        var queue = new StatusQueue();
        queue.Add(A, Status(TaskState.Accepted));
        var first = queue.Next()!;
        queue.Add(A, Status(TaskState.Preparing));
        Assert.Null(queue.Next());
        queue.Accepted(first.Sequence);
        Assert.Equal((int)TaskState.Preparing, queue.Next()!.Reports[0].Status.State);
    }

    [Fact]
    public void AStateThatGoesBackIsDropped()
    {
        var queue = new StatusQueue();
        queue.Add(A, Status(TaskState.Running));
        queue.Add(A, Status(TaskState.Starting));
        Assert.Equal((int)TaskState.Running, queue.Next()!.Reports[0].Status.State);
    }

    [Fact]
    public void WhatWasUnderWayIsSaidAgainAfterALostSession()
    {
        var queue = new StatusQueue();
        queue.Add(A, Status(TaskState.Failed));
        var lost = queue.Next()!;
        queue.SessionLost();
        var again = queue.Next()!;
        Assert.Equal("a", again.Reports[0].TaskId);
        Assert.Empty(queue.Accepted(lost.Sequence));
        Assert.Single(queue.Accepted(again.Sequence));
        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void ANewerReportWinsOverTheLostOne()
    {
        var queue = new StatusQueue();
        queue.Add(A, Status(TaskState.Starting));
        queue.Next();
        queue.Add(A, Status(TaskState.Running));
        queue.SessionLost();
        Assert.Equal((int)TaskState.Running, queue.Next()!.Reports[0].Status.State);
    }

    private static TaskStatus Status(TaskState state) => new() { State = (int)state };
}
