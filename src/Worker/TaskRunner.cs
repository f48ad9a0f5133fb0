using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Worker.Core;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker;

/// <summary>
/// Walks one task through its life: asks <see cref="TaskMachine"/> for the next step, does it, reports what it
/// saw. A change of the assignment interrupts a step that only waits (pull, exit).
/// </summary>
internal sealed class TaskRunner
{
    private readonly TaskId _id;
    private readonly ITaskRuntime _runtime;
    private readonly Action<TaskId, TaskStatus> _report;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private AssignedTask _assigned;
    private bool _unassigned;
    private ContainerPresence _container;
    private TaskStatus _status;
    private CancellationTokenSource _change = new();

    internal TaskRunner(
        AssignedTask assigned, ITaskRuntime runtime, Action<TaskId, TaskStatus> report, TimeProvider clock)
    {
        _id = new TaskId(assigned.Id);
        _assigned = assigned;
        _runtime = runtime;
        _report = report;
        _clock = clock;
        _status = new TaskStatus { State = assigned.ObservedState, AtNs = NowNs() };
        Adopt(runtime.Observe(_id));
    }

    /// <summary>The furthest state seen.</summary>
    internal TaskState State => (TaskState)_status.State;

    /// <summary>A new form of the assignment; null when the task is not assigned any more.</summary>
    internal void Assign(AssignedTask? assigned)
    {
        CancellationTokenSource previous;
        lock (_gate)
        {
            _assigned = assigned ?? _assigned;
            _unassigned = assigned is null;
            previous = _change;
            _change = new CancellationTokenSource();
        }

        previous.Cancel();
        previous.Dispose();
    }

    /// <summary>Says its status again, for a new session.</summary>
    internal void ReportAgain()
    {
        if (_status.State > (int)TaskState.Assigned)
        {
            _report(_id, _status.Clone());
        }
    }

    /// <summary>Runs until the task is removed; cancellation leaves the container as it is.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            AssignedTask assigned;
            TaskState desired;
            CancellationTokenSource linked;
            lock (_gate)
            {
                assigned = _assigned;
                desired = _unassigned ? TaskState.Remove : (TaskState)_assigned.DesiredState;
                linked = CancellationTokenSource.CreateLinkedTokenSource(_change.Token, stop);
            }

            using (linked)
            {
                var step = TaskMachine.Next(desired, State, _container);
                if (step == TaskStep.Remove)
                {
                    await _runtime.RemoveAsync(_id, stop).ConfigureAwait(false);
                    return;
                }

                await DoAsync(step, assigned, linked.Token, stop).ConfigureAwait(false);
            }
        }
    }

    private async Task DoAsync(TaskStep step, AssignedTask assigned, CancellationToken change, CancellationToken stop)
    {
        try
        {
            switch (step)
            {
                case TaskStep.Accept:
                    Report(TaskState.Accepted, "accepted");
                    break;
                case TaskStep.Prepare:
                    await PrepareAsync(assigned, change).ConfigureAwait(false);
                    break;
                case TaskStep.Start:
                    await StartAsync(assigned, change, stop).ConfigureAwait(false);
                    break;
                case TaskStep.AwaitHealth:
                    await AwaitHealthAsync(change).ConfigureAwait(false);
                    break;
                case TaskStep.AwaitExit:
                    ReportEnd(await _runtime.WaitAsync(_id, change).ConfigureAwait(false));
                    break;
                case TaskStep.Stop:
                    await StopAsync(assigned, stop).ConfigureAwait(false);
                    break;
                case TaskStep.CallOff:
                    await _runtime.ReleaseAsync(_id, stop).ConfigureAwait(false);
                    _container = ContainerPresence.None;
                    Report(TaskState.Shutdown, "shutdown");
                    break;
                case TaskStep.ReportLost:
                    Report(TaskState.Failed, "lost",
                        error: "task: the container is gone (host restarted or data lost)");
                    break;
                case TaskStep.Release:
                    await _runtime.ReleaseAsync(_id, stop).ConfigureAwait(false);
                    _container = ContainerPresence.None;
                    break;
                default:
                    await Task.Delay(Timeout.Infinite, change).ConfigureAwait(false);
                    break;
            }
        }
        catch (OperationCanceledException) when (change.IsCancellationRequested)
        {
            // The assignment changed or the daemon stops: the loop looks again.
            await Task.Yield();
        }
    }

    private async Task PrepareAsync(AssignedTask assigned, CancellationToken change)
    {
        Report(TaskState.Preparing, "preparing");
        _container = ContainerPresence.Exists;
        try
        {
            await _runtime.PrepareAsync(assigned, text => Report(TaskState.Preparing, text), change)
                .ConfigureAwait(false);
            Report(TaskState.Ready, "prepared");
        }
        catch (TaskRejectedException e)
        {
            Report(TaskState.Rejected, "preparing", error: e.Message);
        }
    }

    private async Task StartAsync(AssignedTask assigned, CancellationToken change, CancellationToken stop)
    {
        Report(TaskState.Starting, "starting");
        try
        {
            // Called off while it waits it was not started: the next step stops it, or waits on.
            await _runtime.AwaitCallerAsync(assigned, change).ConfigureAwait(false);
            var started = await _runtime.StartAsync(assigned, stop).ConfigureAwait(false);
            if (started.Ended is { } end)
            {
                // It was never Running: no node's mesh may send it a connection.
                ReportEnd(end);
                return;
            }

            _container = ContainerPresence.Runs;
            ReportStarted(started);
        }
        catch (TaskRejectedException e)
        {
            Report(TaskState.Failed, "starting", error: e.Message);
        }
    }

    private async Task AwaitHealthAsync(CancellationToken change)
    {
        if (await _runtime.AwaitHealthAsync(_id, change).ConfigureAwait(false) is { } end)
        {
            ReportEnd(end);
        }
        else
        {
            Report(TaskState.Running, "started");
        }
    }

    private void ReportStarted(StartedContainer started, DateTimeOffset? at = null)
    {
        // Who was found healthy once has been started, whatever was written down here.
        var awaits = started.AwaitsHealth && State < TaskState.Running;
        Report(
            awaits ? TaskState.Starting : TaskState.Running, awaits ? "waiting for a health check" : "started",
            started: started, at: awaits ? null : at);
    }

    private async Task StopAsync(AssignedTask assigned, CancellationToken stop)
    {
        var end = await _runtime.StopAsync(assigned, stop).ConfigureAwait(false);
        Report(TaskState.Shutdown, "shutdown", end: end);
    }

    private void ReportEnd(ContainerEnd end)
    {
        if (end is { ExitCode: 0, Error: "" })
        {
            Report(TaskState.Complete, "finished", end: end);
            return;
        }

        Report(TaskState.Failed, "started", error: Describe(end), end: end);
    }

    private static string Describe(ContainerEnd end) => end switch
    {
        { Error.Length: > 0 } => end.Error,
        { OutOfMemory: true } => $"task: non-zero exit ({end.ExitCode}): killed for its memory limit",
        _ => $"task: non-zero exit ({end.ExitCode})",
    };

    private void Adopt(TaskObservation? seen)
    {
        if (seen is not { } found)
        {
            return;
        }

        _container = ContainerPresence.Exists;
        if (State.IsTerminal())
        {
            return;
        }

        switch (found.State)
        {
            case TaskState.Ready:
                _status.State = Math.Max(_status.State, (int)TaskState.Ready);
                break;
            case TaskState.Starting or TaskState.Running:
                _container = ContainerPresence.Runs;
                ReportStarted(found.Container, found.Since);
                break;
            default:
                ReportEnd(found.End ?? new ContainerEnd(255, false, "task: the container ended while nobody watched"));
                break;
        }
    }

    private void Report(
        TaskState state, string message, string error = "", StartedContainer? started = null, ContainerEnd? end = null,
        DateTimeOffset? at = null)
    {
        var next = _status.Clone();
        next.State = (int)state;
        next.AtNs = at is { } known ? Ns(known) : NowNs();
        next.Message = message;
        next.Error = error;
        if (started is { } container)
        {
            next.ContainerId = container.ContainerId;
            next.Pid = container.Pid;
            next.Address = container.Address;
        }

        if (end is { } ended)
        {
            next.ExitCode = ended.ExitCode;
            next.OutOfMemory = ended.OutOfMemory;
            next.Pid = 0;
        }

        _status = next;
        _report(_id, next.Clone());
    }

    private long NowNs() => Ns(_clock.GetUtcNow());

    private static long Ns(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks * 100;
}
