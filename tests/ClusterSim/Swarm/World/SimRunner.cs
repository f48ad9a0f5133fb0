using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Worker.Core;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Walks one task through its life as the worker's task runner does: asks <see cref="TaskMachine"/> for the next step,
/// does it in virtual time, reports what it saw. A change of the assignment interrupts what only waits.
/// </summary>
internal sealed class SimRunner
{
    private readonly SimWorker _worker;
    private readonly World _world;
    private AssignedTask _assigned;
    private bool _unassigned;
    private bool _holds;
    private bool _atomic;
    private bool _stopped;
    private long _step;
    private TaskStatus _status;

    public SimRunner(SimWorker worker, World world, AssignedTask assigned, bool unassigned)
    {
        (_worker, _world, _assigned, _unassigned) = (worker, world, assigned, unassigned);
        Id = new TaskId(assigned.Id);
        _status = new TaskStatus { State = assigned.ObservedState };
        Adopt();
    }

    public TaskId Id { get; }

    public TaskState State => (TaskState)_status.State;

    public void Assign(AssignedTask? assigned)
    {
        _assigned = assigned ?? _assigned;
        _unassigned = assigned is null;
        if (!_atomic)
            Go();
    }

    /// <summary>The daemon ends; the container stays.</summary>
    public void Abandon() => _stopped = true;

    public void ReportAgain()
    {
        if (_status.State > (int)TaskState.Assigned)
            _worker.Report(Id, _status.Clone());
    }

    /// <summary>The container ended by itself.</summary>
    public void Exited()
    {
        if (!_stopped && !_atomic)
            Go();
    }

    /// <summary>Does steps until one of them waits.</summary>
    public void Go()
    {
        var step = ++_step;
        while (!_stopped && step == _step)
        {
            var desired = _unassigned ? TaskState.Remove : (TaskState)_assigned.DesiredState;
            var presence = _holds ? ContainerPresence.Exists : ContainerPresence.None;
            if (!Do(TaskMachine.Next(desired, State, presence), step))
                return;
        }
    }

    /// <summary>True when the next step may follow at once.</summary>
    private bool Do(TaskStep next, long step)
    {
        switch (next)
        {
            case TaskStep.Accept:
                Report(TaskState.Accepted);
                return true;
            case TaskStep.Prepare:
                Prepare(step);
                return false;
            case TaskStep.Start:
                Start();
                return false;
            case TaskStep.AwaitExit:
                return ReportEnd();
            case TaskStep.Stop:
                Stop();
                return false;
            case TaskStep.CallOff:
                _worker.Drop(Id);
                _holds = false;
                Report(TaskState.Shutdown);
                return true;
            case TaskStep.ReportLost:
                Report(TaskState.Failed, "task: the container is gone");
                return true;
            case TaskStep.Release:
                _holds = false;
                _worker.Release(Id);
                return true;
            case TaskStep.Remove:
                _stopped = true;
                _worker.Removed(this);
                return false;
            default:
                return false;
        }
    }

    private void Prepare(long step)
    {
        Report(TaskState.Preparing);
        _holds = true;
        _worker.Create(Id, _assigned);
        var image = SimImage.Of(_assigned);
        _world.Time.After(image.PrepareUs(_world.Dice), () =>
        {
            if (_stopped || step != _step)
                return;
            if (image.IsBad)
                Report(TaskState.Rejected, "No such image");
            else
            {
                _worker.Prepared(Id);
                Report(TaskState.Ready);
            }
            Go();
        });
    }

    private void Start()
    {
        Report(TaskState.Starting);
        Atomic(SimImage.Of(_assigned).StartUs(_world.Dice), () =>
        {
            _worker.Start(Id);
            Report(TaskState.Running);
        });
    }

    private void Stop() => Atomic(SimImage.Of(_assigned).StopUs(_world.Dice, _assigned), () =>
    {
        var code = _worker.Stop(Id);
        Report(TaskState.Shutdown, code: code);
    });

    private void Atomic(long us, Action then)
    {
        _atomic = true;
        _world.Time.After(us, () =>
        {
            if (_stopped)
                return;
            _atomic = false;
            then();
            Go();
        });
    }

    private bool ReportEnd()
    {
        if (_worker.ContainerOf(Id) is { IsRunning: false, ExitCode: { } code })
        {
            Ended(code);
            return true;
        }
        return false;
    }

    private void Ended(int code) => Report(
        code == 0 ? TaskState.Complete : TaskState.Failed, code == 0 ? "" : $"task: non-zero exit ({code})", code);

    /// <summary>What a daemon finds that was away.</summary>
    private void Adopt()
    {
        if (_worker.ContainerOf(Id) is not { } found)
            return;
        _holds = true;
        if (State.IsTerminal())
            return;
        if (found.State == TaskState.Ready)
            _status.State = Math.Max(_status.State, (int)TaskState.Ready);
        else if (found.IsRunning)
            Report(TaskState.Running);
        else if (found.ExitCode is { } code)
            Ended(code);
    }

    private void Report(TaskState state, string error = "", int? code = null)
    {
        var next = _status.Clone();
        next.State = (int)state;
        next.AtNs = _world.NowNs;
        next.Error = error;
        if (state == TaskState.Running)
            next.Address = _worker.ContainerOf(Id)?.Address ?? "";
        if (code is { } value)
            next.ExitCode = value;
        _status = next;
        _worker.Report(Id, next.Clone());
    }
}
