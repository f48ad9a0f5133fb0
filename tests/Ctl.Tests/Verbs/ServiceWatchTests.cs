using Swarm.Ctl.Verbs;
using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Ctl.Tests.Verbs;

/// <summary>What a script's exit code depends on: when a service counts as converged, and when it never will.</summary>
public sealed class ServiceWatchTests
{
    private readonly ServiceWatch _watch = new();

    [Fact]
    public void StableWhenAllReplicasRun()
    {
        Assert.Null(_watch.Take(Picture(2, Task(1, TaskState.Running), Task(2, TaskState.Starting))));
        Assert.False(_watch.IsStable);
        Assert.Null(_watch.Take(Picture(2, Task(1, TaskState.Running), Task(2, TaskState.Running))));
        Assert.True(_watch.IsStable);
    }

    [Fact]
    public void ScaledToNothingIsStable()
    {
        Assert.Null(_watch.Take(Picture(0)));
        Assert.True(_watch.IsStable);
    }

    [Fact]
    public void OldTasksBeforeTheUpdateBeginsAreNotStable()
    {
        var picture = Picture(1, Task(1, TaskState.Running));
        picture.Service.SpecVersion = 2;
        picture.Tasks[0].Outdated = true;
        Assert.Null(_watch.Take(picture));
        Assert.False(_watch.IsStable);
        Assert.Equal(0, _watch.Done);
    }

    /// <summary>A constraint was added, and one of the two tasks runs where it holds.</summary>
    [Fact]
    public void TasksThatAnUpdateLeavesAloneCount()
    {
        var picture = Picture(2, Task(1, TaskState.Running), Task(2, TaskState.Running, specVersion: 2));
        picture.Service.SpecVersion = 2;
        picture.Service.Spec.Task.Placement = new Placement { Constraints = { "node.role==worker" } };
        picture.Service.UpdateStatus = new UpdateStatus { State = UpdateStatus.Types.State.Updating };
        Assert.Null(_watch.Take(picture));
        picture.Service.UpdateStatus.State = UpdateStatus.Types.State.Completed;
        Assert.Equal(WatchEndKind.Converged, _watch.Take(picture)!.Value.Kind);
    }

    [Fact]
    public void APausedUpdateFailsAndSaysWhy()
    {
        var picture = Picture(1, Task(1, TaskState.Running));
        picture.Service.UpdateStatus = new UpdateStatus
        {
            State = UpdateStatus.Types.State.Paused, Message = "update paused due to failure of task x",
        };
        var end = _watch.Take(picture);
        Assert.Equal(WatchEndKind.Failed, end!.Value.Kind);
        Assert.Contains("task x", end.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePausedRollbackIsCalledByItsName()
    {
        var picture = Picture(1, Task(1, TaskState.Running));
        picture.Service.UpdateStatus = new UpdateStatus { State = UpdateStatus.Types.State.RollbackPaused };
        Assert.StartsWith("rollback paused", _watch.Take(picture)!.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheTaskThatTheUpdateBlamesIsRememberedOverItsRollback()
    {
        var (blamed, other) = (Task(1, TaskState.Failed, 2), Task(2, TaskState.Failed, 2));
        (blamed.Id, blamed.Status.Error, blamed.Status.AtNs) = ("blamed", "task: non-zero exit (3)", 1);
        (other.Id, other.Status.Error, other.Status.AtNs) = ("other", "task: non-zero exit (4)", 2);
        var picture = Picture(1, other, blamed);
        picture.Service.UpdateStatus = new UpdateStatus
        {
            State = UpdateStatus.Types.State.RollbackStarted,
            Message = "update rolled back due to failure or early termination of task blamed",
        };
        Assert.Null(_watch.Take(picture));
        Assert.Equal("blamed", _watch.FailedTask!.Id);
        var last = Picture(1, other);
        last.Service.UpdateStatus = new UpdateStatus
        {
            State = UpdateStatus.Types.State.RollbackCompleted, Message = "rollback completed",
        };
        var end = _watch.Take(last);
        Assert.Equal(WatchEndKind.Failed, end!.Value.Kind);
        Assert.Contains("non-zero exit (3)", end.Value.Message, StringComparison.Ordinal);
        using var text = new StringWriter();
        LastWords.Print(text, _watch.FailedTask, [new ServiceLogsResponse
        {
            Line = Google.Protobuf.ByteString.CopyFromUtf8("cannot open \u001b[1m/x\n"),
        }]);
        Assert.Equal("last lines of web.1.blamed@:\n    | cannot open ?[1m/x\n", text.ToString());
    }

    [Fact]
    public void AnAutomaticRollbackFailsAManualOneDoesNot()
    {
        Assert.Equal(WatchEndKind.Failed, RolledBack("update rolled back due to failure of task x")!.Value.Kind);
        Assert.Equal(WatchEndKind.Converged, RolledBack("manually requested rollback")!.Value.Kind);
    }

    [Fact]
    public void ARollbackThatIsOverWhenItIsFirstSeenIsAFailureOfTheUpdateThatItUndid()
    {
        var picture = Picture(1, Task(1, TaskState.Running));
        (picture.Service.SpecVersion, picture.Service.PreviousSpecVersion) = (1, 7);
        picture.Service.UpdateStatus = new UpdateStatus
        {
            State = UpdateStatus.Types.State.RollbackCompleted, Message = "rollback completed",
        };
        Assert.Equal(WatchEndKind.Failed, new ServiceWatch(7).Take(picture)!.Value.Kind);
        // That of an earlier update says nothing about this one, which changed nothing.
        var other = new ServiceWatch(8);
        Assert.Null(other.Take(picture));
        Assert.True(other.IsStable);
        Assert.Null(new ServiceWatch().Take(picture));
    }

    [Fact]
    public void ARemovedServiceEndsTheWatch() =>
        Assert.Equal(WatchEndKind.Removed, _watch.Take(new WatchServiceResponse())!.Value.Kind);

    [Fact]
    public void AJobIsCompleteWhenAllItsTasksEndedWell()
    {
        Assert.Null(_watch.Take(Job(2, Task(1, TaskState.Complete), Task(2, TaskState.Running))));
        Assert.Equal((1, 2, (1, 2)), (_watch.Done, _watch.Total, _watch.Active));
        var end = _watch.Take(Job(2, Task(1, TaskState.Complete), Task(2, TaskState.Complete)));
        Assert.Equal(WatchEndKind.Complete, end!.Value.Kind);
    }

    [Fact]
    public void AJobHasFailedWhenNothingOfItIsTriedAgain()
    {
        var failed = Task(2, TaskState.Failed);
        failed.Status.Error = "task: non-zero exit (3)";
        Assert.Null(_watch.Take(Job(2, Task(1, TaskState.Complete), failed)));
        failed.DesiredState = (int)TaskState.Shutdown;
        var end = _watch.Take(Job(2, Task(1, TaskState.Complete), failed));
        Assert.Equal(WatchEndKind.Failed, end!.Value.Kind);
        Assert.Contains("non-zero exit (3)", end.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TasksOfAnEarlierIterationDoNotCount()
    {
        var picture = Job(1, Task(1, TaskState.Complete));
        picture.Service.JobSpecVersion = picture.Service.SpecVersion = 7;
        Assert.Null(_watch.Take(picture));
        Assert.Equal(0, _watch.Done);
    }

    private static WatchServiceResponse Job(ulong completions, params TaskView[] tasks)
    {
        var picture = Picture(0, tasks);
        picture.Service.JobSpecVersion = 1;
        picture.Service.Spec.ReplicatedJob = new ReplicatedJobMode { TotalCompletions = completions };
        return picture;
    }

    private static WatchEnd? RolledBack(string message)
    {
        var watch = new ServiceWatch();
        var picture = Picture(1, Task(1, TaskState.Running));
        picture.Service.UpdateStatus = new UpdateStatus
        {
            State = UpdateStatus.Types.State.RollbackStarted, Message = message,
        };
        Assert.Null(watch.Take(picture));
        picture.Service.UpdateStatus.State = UpdateStatus.Types.State.RollbackCompleted;
        picture.Service.UpdateStatus.Message = "rollback completed";
        return watch.Take(picture);
    }

    private static WatchServiceResponse Picture(ulong replicas, params TaskView[] tasks)
    {
        var picture = new WatchServiceResponse
        {
            Service = new ServiceView { Id = "s", SpecVersion = 1, Spec = Spec(replicas) },
        };
        picture.Tasks.Add(tasks);
        return picture;
    }

    private static TaskView Task(ulong slot, TaskState state, ulong specVersion = 1) => new()
    {
        Id = $"t{slot}", Slot = slot, Name = $"web.{slot}", SpecVersion = specVersion, Spec = Spec(1).Task,
        DesiredState = (int)TaskState.Running, Status = new TaskStatus { State = (int)state },
    };

    private static ServiceSpec Spec(ulong replicas) => new()
    {
        Name = "web",
        Replicated = new ReplicatedMode { Replicas = replicas },
        Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" } },
    };
}
