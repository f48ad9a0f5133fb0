using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker.Tests;

/// <summary>A node whose swarm was restored and observes: nothing on it is started, stopped or removed.</summary>
public sealed class ObserveTests : IAsyncDisposable
{
    private readonly ManyContainers _runtime = new();
    private readonly ConcurrentQueue<(TaskId Task, TaskStatus Status)> _reports = new();
    private readonly TaskFleet _fleet;

    public ObserveTests() => _fleet = new TaskFleet(
        _runtime, (task, status) => _reports.Enqueue((task, status)), new WorkerLog(NullLogger.Instance));

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Fact]
    public async Task What_runs_is_reported_and_strangers_stay()
    {
        _runtime.Run("known", "stranger");
        _fleet.Take(Complete(observe: true, "known", "absent"));
        await UntilAsync(() => _reports.Any(r => r.Task.Value == "known" && r.Status.State == (int)TaskState.Running));
        await Task.Delay(100);
        Assert.Equal(["known", "stranger"], _runtime.Running);
        Assert.Equal(["known"], _reports.Select(r => r.Task.Value).Distinct());
        Assert.Empty(_runtime.Calls);
    }

    [Fact]
    public async Task The_end_of_the_observation_makes_what_runs_what_is_wanted()
    {
        _runtime.Run("known", "stranger");
        _fleet.Take(Complete(observe: true, "known", "absent"));
        _fleet.Take(Complete(observe: false, "known", "absent"));
        await UntilAsync(() => !_runtime.Running.Contains("stranger"));
        // It had been seen running, and is not here: it is lost, not started.
        await UntilAsync(() => _reports.Any(r => r.Task.Value == "absent" && r.Status.State == (int)TaskState.Failed));
        Assert.Equal(["known"], _runtime.Running);
    }

    [Fact]
    public async Task Runners_of_before_go_on()
    {
        _runtime.Run("of before");
        _fleet.Take(Complete(observe: false, "of before"));
        await UntilAsync(() => !_reports.IsEmpty);
        _fleet.Take(Complete(observe: true, "known"));
        await Task.Delay(100);
        Assert.Equal(["of before"], _runtime.Running);
        _fleet.Take(Complete(observe: false));
        await UntilAsync(() => _runtime.Running.Count == 0);
    }

    [Fact]
    public void What_exists_is_found()
    {
        _runtime.Run("b", "a");
        Assert.Equal(
            [("a", (int)TaskState.Running), ("b", (int)TaskState.Running)],
            FoundTasks.On(_runtime).Select(f => (f.TaskId, f.State)));
    }

    private static Assignments Complete(bool observe, params string[] tasks)
    {
        var message = new Assignments { Complete = true, Observe = observe };
        message.Tasks.Add(tasks.Select(id => new AssignedTask
        {
            Id = id, DesiredState = (int)TaskState.Running, ObservedState = (int)TaskState.Running,
            Spec = new TaskSpec(),
        }));
        return message;
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

    private sealed class ManyContainers : ITaskRuntime
    {
        public void TakePayloads(PayloadUpdate update)
        {
        }

        public Task<ContainerEnd?> AwaitHealthAsync(TaskId task, CancellationToken ct) =>
            Task.FromResult<ContainerEnd?>(null);

        private readonly ConcurrentDictionary<string, TaskCompletionSource<ContainerEnd>> _running = new();

        internal ConcurrentQueue<string> Calls { get; } = new();

        internal IReadOnlyList<string> Running => [.. _running.Keys.Order(StringComparer.Ordinal)];

        public IReadOnlyList<TaskId> Known => [.. _running.Keys.Select(id => new TaskId(id))];

        internal void Run(params string[] tasks)
        {
            foreach (var task in tasks)
            {
                _running[task] = new TaskCompletionSource<ContainerEnd>();
            }
        }

        public TaskObservation? Observe(TaskId task) => _running.ContainsKey(task.Value)
            ? new TaskObservation(TaskState.Running, new StartedContainer(task.Value, 7, "10.64.4.2"), null)
            : null;

        public Task PrepareAsync(AssignedTask task, Action<string> progress, CancellationToken ct) => Called("prepare");

        public async Task<StartedContainer> StartAsync(AssignedTask task, CancellationToken ct)
        {
            await Called("start");
            return new StartedContainer(task.Id, 8, "");
        }

        public Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct) =>
            _running[task.Value].Task.WaitAsync(ct);

        public async Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct)
        {
            await Called("stop");
            _running.TryRemove(task.Id, out _);
            return new ContainerEnd(0, false, "");
        }

        public Task ReleaseAsync(TaskId task, CancellationToken ct) => Called("release");

        public async Task RemoveAsync(TaskId task, CancellationToken ct)
        {
            await Called("remove");
            _running.TryRemove(task.Value, out _);
        }

        private Task Called(string what)
        {
            Calls.Enqueue(what);
            return Task.CompletedTask;
        }
    }
}
