using System.Collections.Concurrent;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Worker;

namespace Swarm.Bench.Fleet;

/// <summary>Containers that start at once and end at once when told.</summary>
internal sealed class NothingRuntime : ITaskRuntime
{
    private readonly ConcurrentDictionary<TaskId, TaskCompletionSource<ContainerEnd>> _running = new();

    public IReadOnlyList<TaskId> Known => [.. _running.Keys];

    public TaskObservation? Observe(TaskId task) => null;

    public void TakePayloads(PayloadUpdate update)
    {
        // Nothing mounts them.
    }

    public Task<ContainerEnd?> AwaitHealthAsync(TaskId task, CancellationToken ct) =>
        Task.FromResult<ContainerEnd?>(null);

    public Task PrepareAsync(AssignedTask task, Action<string> progress, CancellationToken ct) => Task.CompletedTask;

    public Task<StartedContainer> StartAsync(AssignedTask task, CancellationToken ct)
    {
        _running[new TaskId(task.Id)] = new TaskCompletionSource<ContainerEnd>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        return Task.FromResult(new StartedContainer(task.Id, 1, ""));
    }

    public Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct) => _running[task].Task.WaitAsync(ct);

    public Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct)
    {
        var end = new ContainerEnd(0, false, "");
        if (_running.TryRemove(new TaskId(task.Id), out var running))
        {
            running.TrySetResult(end);
        }

        return Task.FromResult(end);
    }

    public Task ReleaseAsync(TaskId task, CancellationToken ct) => Task.CompletedTask;

    public Task RemoveAsync(TaskId task, CancellationToken ct)
    {
        _running.TryRemove(task, out _);
        return Task.CompletedTask;
    }
}

internal sealed class NothingNetwork : INodeDataPlane
{
    public Task SetUpAsync(string nodeSubnet, string addressPool, CancellationToken ct) => Task.CompletedTask;

    public Task ApplyPeersAsync(PeerUpdate update, CancellationToken ct) => Task.CompletedTask;

    public Task ApplyMeshAsync(MeshUpdate update, CancellationToken ct) => Task.CompletedTask;
}

internal sealed class NothingLogs : ITaskLogs
{
    public IAsyncEnumerable<TaskLogLine> ReadAsync(string taskId, LogQuery query, CancellationToken ct) =>
        AsyncEnumerable.Empty<TaskLogLine>();

    public IReadOnlyDictionary<string, string> DetailsOf(string taskId) => new Dictionary<string, string>();
}
