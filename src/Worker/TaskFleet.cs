using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Worker.Core;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker;

/// <summary>All tasks of this node: gives each assignment to its runner and collects what they report.</summary>
internal sealed class TaskFleet(ITaskRuntime runtime, Action<TaskId, TaskStatus> report, WorkerLog log)
    : IAsyncDisposable
{
    private readonly AssignmentSet _assignments = new();
    private readonly Dictionary<TaskId, (TaskRunner Runner, Task Run)> _runners = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();

    /// <summary>A runner broke: the daemon must end, its state can no longer be trusted.</summary>
    internal TaskCompletionSource<Exception> Broken { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Containers of tasks that nobody assigns any more are removed with the first complete message.</summary>
    internal void Take(Assignments message)
    {
        lock (_gate)
        {
            if (message.Observe)
            {
                Watch(message.Tasks);
                return;
            }

            foreach (var change in _assignments.Take(message))
            {
                Route(change);
            }

            if (message.Complete)
            {
                RemoveStrays(message.Tasks.Select(t => new TaskId(t.Id)).ToHashSet());
            }
        }
    }

    /// <summary>What comes before the tasks that need it.</summary>
    internal void Take(PayloadUpdate payloads) => runtime.TakePayloads(payloads);

    /// <summary>Every status once more, for a leader that may not have it.</summary>
    internal void ReportAll()
    {
        lock (_gate)
        {
            foreach (var (runner, _) in _runners.Values)
            {
                runner.ReportAgain();
            }
        }
    }

    /// <summary>Stops the runners, not the containers.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        List<Task> runs;
        lock (_gate)
        {
            runs = [.. _runners.Values.Select(r => r.Run)];
        }

        await Task.WhenAll(runs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>
    /// The swarm was restored and observes: runners that are there go on as they are, what runs or has ended gets one
    /// that tells so, and nothing is started, stopped or removed. The message of the end of the observation is
    /// complete again, and compared with what was assigned before.
    /// </summary>
    private void Watch(IEnumerable<AssignedTask> tasks)
    {
        foreach (var task in tasks)
        {
            var id = new TaskId(task.Id);
            if (!_runners.ContainsKey(id) && runtime.Observe(id) is { State: >= TaskState.Starting })
            {
                Launch(task, unassigned: false);
            }
        }
    }

    private void Route(AssignmentChange change)
    {
        if (_runners.TryGetValue(change.Task, out var known))
        {
            known.Runner.Assign(change.Assigned);
        }
        else if (change.Assigned is not null)
        {
            Launch(change.Assigned, unassigned: false);
        }
    }

    private void RemoveStrays(HashSet<TaskId> named)
    {
        foreach (var stray in runtime.Known.Where(id => !named.Contains(id) && !_runners.ContainsKey(id)).ToList())
        {
            log.RemovingStray(stray.Value);
            Launch(new AssignedTask { Id = stray.Value }, unassigned: true);
        }
    }

    private void Launch(AssignedTask assigned, bool unassigned)
    {
        var id = new TaskId(assigned.Id);
        var runner = new TaskRunner(assigned, runtime, report, TimeProvider.System);
        if (unassigned)
        {
            runner.Assign(null);
        }

        _runners[id] = (runner, Task.Run(() => RunAsync(id, runner)));
    }

    private async Task RunAsync(TaskId id, TaskRunner runner)
    {
        try
        {
            await runner.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            log.RunnerBroke(id.Value, e);
            Broken.TrySetResult(e);
            throw;
        }

        lock (_gate)
        {
            if (!_stop.IsCancellationRequested)
            {
                _runners.Remove(id);
            }
        }
    }
}
