using System.Collections.Concurrent;
using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker.Tests;

/// <summary>One task's life with a runtime whose containers are promises that the test keeps.</summary>
public sealed class TaskRunnerTests
{
    private readonly FakeRuntime _runtime = new();
    private readonly ConcurrentQueue<TaskStatus> _reports = new();

    [Fact]
    public async Task RunsToItsEndAndSaysWhy()
    {
        var (runner, run, _) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Running);
        _runtime.End.SetResult(new ContainerEnd(3, false, ""));
        await UntilAsync(() => runner.State == TaskState.Failed && _runtime.Released == 1);
        Assert.Equal("task: non-zero exit (3)", _reports.Last().Error);
        Assert.Equal(3, _reports.Last().ExitCode);
        runner.Assign(null);
        await run.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, _runtime.Removed);
    }

    [Fact]
    public async Task WaitsReadyUntilItMayRun()
    {
        var (runner, _, task) = Start(TaskState.Ready);
        await UntilAsync(() => runner.State == TaskState.Ready);
        Assert.Equal(0, _runtime.Started);
        runner.Assign(With(task, TaskState.Running));
        await UntilAsync(() => runner.State == TaskState.Running);
    }

    [Fact]
    public async Task AStopWhilePullingCallsThePullOff()
    {
        _runtime.PullsForEver = true;
        var (runner, _, task) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Preparing);
        runner.Assign(With(task, TaskState.Shutdown));
        await UntilAsync(() => runner.State == TaskState.Shutdown);
        Assert.Equal(0, _runtime.Started);
        Assert.Equal(1, _runtime.Released);
    }

    [Fact]
    public async Task AnImpossibleTaskIsRejectedWithItsReason()
    {
        _runtime.Refusal = "No such image: nosuch:1";
        var (runner, _, _) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Rejected);
        Assert.Equal("No such image: nosuch:1", _reports.Last().Error);
    }

    [Fact]
    public async Task ARunningContainerIsAdoptedNotStartedAgain()
    {
        _runtime.Found = new TaskObservation(TaskState.Running, new StartedContainer("t1", 42, "10.64.4.2"), null);
        var (runner, _, _) = Start(TaskState.Running, TaskState.Running);
        await UntilAsync(() => _reports.Any(r => r.State == (int)TaskState.Running && r.Pid == 42));
        Assert.Equal(TaskState.Running, runner.State);
        Assert.Equal(0, _runtime.Started);
        Assert.Equal(0, _runtime.Prepared);
    }

    [Fact]
    public async Task AnExitThatNobodySawIsReportedAfterTheRestart()
    {
        _runtime.Found = new TaskObservation(
            TaskState.Failed, new StartedContainer("t1", 0, ""), new ContainerEnd(137, true, ""));
        var (runner, _, _) = Start(TaskState.Running, TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Failed);
        Assert.Contains(_reports, r => r.ExitCode == 137 && r.OutOfMemory);
    }

    [Fact]
    public async Task AContainerThatIsGoneIsReportedLost()
    {
        var (runner, _, _) = Start(TaskState.Running, TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Failed);
        Assert.Contains("gone", _reports.Last().Error, StringComparison.Ordinal);
        Assert.Equal(0, _runtime.Started);
    }

    [Fact]
    public async Task AContainerIsStartingUntilItIsHealthy()
    {
        _runtime.AwaitsHealth = true;
        var (runner, _, _) = Start(TaskState.Running);
        await UntilAsync(() => _reports.Any(r => r is { State: (int)TaskState.Starting, Pid: 7 }));
        Assert.DoesNotContain(_reports, r => r.State == (int)TaskState.Running);
        _runtime.Health.SetResult(null);
        await UntilAsync(() => runner.State == TaskState.Running);
        Assert.Equal(("10.64.4.2", 7), (_reports.Last().Address, _reports.Last().Pid));
        Assert.Equal(1, _runtime.Started);
    }

    [Fact]
    public async Task OneThatIsNeverHealthyFailsWithItsLastWords()
    {
        _runtime.AwaitsHealth = true;
        var (runner, _, _) = Start(TaskState.Running);
        _runtime.Health.SetResult(new ContainerEnd(143, false, "unhealthy container: no"));
        await UntilAsync(() => runner.State == TaskState.Failed && _runtime.Released == 1);
        Assert.Equal("unhealthy container: no", _reports.Last().Error);
        Assert.DoesNotContain(_reports, r => r.State == (int)TaskState.Running);
    }

    [Fact]
    public async Task AStopDoesNotWaitForHealth()
    {
        _runtime.AwaitsHealth = true;
        var (runner, _, task) = Start(TaskState.Running);
        await UntilAsync(() => _reports.Any(r => r is { State: (int)TaskState.Starting, Pid: 7 }));
        runner.Assign(With(task, TaskState.Shutdown));
        await UntilAsync(() => runner.State == TaskState.Shutdown);
        Assert.Equal(143, _reports.Last().ExitCode);
    }

    [Fact]
    public async Task AfterARestartOfTheDaemonHealthIsAwaitedFurther()
    {
        _runtime.Found = new TaskObservation(
            TaskState.Starting, new StartedContainer("t1", 42, "10.64.4.2", AwaitsHealth: true), null);
        var (runner, _, _) = Start(TaskState.Running, TaskState.Starting);
        await UntilAsync(() => _reports.Any(r => r is { State: (int)TaskState.Starting, Pid: 42 }));
        _runtime.Health.SetResult(null);
        await UntilAsync(() => runner.State == TaskState.Running);
        Assert.Equal((0, 0), (_runtime.Prepared, _runtime.Started));
    }

    [Fact]
    public async Task AProgramThatWaitsForItsCallerStartsWhenHeComes()
    {
        _runtime.Caller = new TaskCompletionSource();
        var (runner, _, _) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Starting);
        Assert.Equal(0, _runtime.Started);
        _runtime.Caller.SetResult();
        await UntilAsync(() => runner.State == TaskState.Running);
        Assert.Equal(1, _runtime.Started);
    }

    [Fact]
    public async Task AProgramThatWaitsForItsCallerIsStoppedAtOnce()
    {
        _runtime.Caller = new TaskCompletionSource();
        var (runner, _, task) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Starting);
        runner.Assign(With(task, TaskState.Shutdown));
        await UntilAsync(() => runner.State == TaskState.Shutdown);
        Assert.Equal(0, _runtime.Started);
    }

    [Fact]
    public async Task AProgramWhoseCallerDoesNotComeFailsAndSaysSo()
    {
        _runtime.Caller = new TaskCompletionSource();
        _runtime.Caller.SetException(new TaskRejectedException("nobody attached"));
        var (runner, _, _) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Failed);
        Assert.Equal("nobody attached", _reports.Last().Error);
        Assert.Equal(0, _runtime.Started);
    }

    [Fact]
    public async Task AContainerThatEndedBeforeItListenedWasNeverRunning()
    {
        _runtime.EndedAtStart = new ContainerEnd(1, false, "");
        var (runner, _, _) = Start(TaskState.Running);
        await UntilAsync(() => runner.State == TaskState.Failed);
        Assert.DoesNotContain(_reports, r => r.State == (int)TaskState.Running);
        Assert.Equal(1, _reports.Last().ExitCode);
    }

    private (TaskRunner Runner, Task Run, AssignedTask Task) Start(
        TaskState desired, TaskState observed = TaskState.Assigned)
    {
        var task = new AssignedTask
        {
            Id = "t1", DesiredState = (int)desired, ObservedState = (int)observed, Spec = new TaskSpec(),
        };
        var runner = new TaskRunner(task, _runtime, (_, s) => _reports.Enqueue(s), TimeProvider.System);
        return (runner, Task.Run(() => runner.RunAsync(CancellationToken.None)), task);
    }

    private static AssignedTask With(AssignedTask task, TaskState desired)
    {
        var next = task.Clone();
        next.DesiredState = (int)desired;
        return next;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, "the condition did not come true within 10 s");
            await Task.Delay(5);
        }
    }

    private sealed class FakeRuntime : ITaskRuntime
    {
        public TaskCompletionSource<ContainerEnd> End { get; } = new();

        public bool PullsForEver { get; set; }

        public string Refusal { get; set; } = "";

        public TaskObservation? Found { get; set; }

        public bool AwaitsHealth { get; set; }

        public TaskCompletionSource? Caller { get; set; }

        public TaskCompletionSource<ContainerEnd?> Health { get; } = new();

        public ContainerEnd? EndedAtStart { get; set; }

        public int Prepared { get; private set; }

        public int Started { get; private set; }

        public int Released { get; private set; }

        public int Removed { get; private set; }

        public IReadOnlyList<TaskId> Known => [];

        public TaskObservation? Observe(TaskId task) => Found;

        public async Task PrepareAsync(AssignedTask task, Action<string> progress, CancellationToken ct)
        {
            Prepared++;
            if (PullsForEver)
            {
                await Task.Delay(Timeout.Infinite, ct);
            }

            if (Refusal.Length > 0)
            {
                throw new TaskRejectedException(Refusal);
            }
        }

        public Task AwaitCallerAsync(AssignedTask task, CancellationToken ct) =>
            Caller?.Task.WaitAsync(ct) ?? Task.CompletedTask;

        public Task<StartedContainer> StartAsync(AssignedTask task, CancellationToken ct)
        {
            Started++;
            return Task.FromResult(
                new StartedContainer(task.Id, 7, "10.64.4.2", EndedAtStart, AwaitsHealth));
        }

        public void TakePayloads(PayloadUpdate update)
        {
        }

        public Task<ContainerEnd?> AwaitHealthAsync(TaskId task, CancellationToken ct) => Health.Task.WaitAsync(ct);

        public Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct) => End.Task.WaitAsync(ct);

        public Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct) =>
            Task.FromResult(new ContainerEnd(143, false, ""));

        public Task ReleaseAsync(TaskId task, CancellationToken ct)
        {
            Released++;
            return Task.CompletedTask;
        }

        public Task RemoveAsync(TaskId task, CancellationToken ct)
        {
            Removed++;
            return Task.CompletedTask;
        }
    }
}
