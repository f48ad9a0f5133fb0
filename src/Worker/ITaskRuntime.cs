using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker;

/// <summary>A container that was started.</summary>
/// <param name="ContainerId">Its id at the runtime.</param>
/// <param name="Pid">Its first process; 0 when it has ended.</param>
/// <param name="Address">Where its ports are; empty without a network of its own.</param>
/// <param name="Ended">How it ended before it was ready for connections; null when it runs.</param>
/// <param name="AwaitsHealth">It counts as running only when it has been found healthy.</param>
public readonly record struct StartedContainer(
    string ContainerId, int Pid, string Address, ContainerEnd? Ended = null, bool AwaitsHealth = false);

/// <summary>How a container ended.</summary>
/// <param name="ExitCode">0–255; 128 + signal when a signal ended it.</param>
/// <param name="OutOfMemory">The kernel killed it for its memory limit.</param>
/// <param name="Error">What the runtime said when it could not run it; empty otherwise.</param>
public readonly record struct ContainerEnd(int ExitCode, bool OutOfMemory, string Error);

/// <summary>What is found of a task on this node, also after the daemon was away.</summary>
/// <param name="State">Ready, Starting (it runs, and its health is awaited), Running, or a terminal state that the exit
/// code tells.</param>
/// <param name="Container">Its container.</param>
/// <param name="End">How it ended; null while it has not.</param>
/// <param name="Since">When it came into that state, if that is known.</param>
public readonly record struct TaskObservation(
    TaskState State, StartedContainer Container, ContainerEnd? End, DateTimeOffset? Since = null);

/// <summary>
/// The seam between the task machine and Linux; the simulator has its own side of it. All calls are idempotent:
/// after a crash the same step comes again.
/// </summary>
public interface ITaskRuntime
{
    /// <summary>What exists of the task here; null when nothing does.</summary>
    TaskObservation? Observe(TaskId task);

    /// <summary>Tasks of which anything exists here, ended ones with their logs included.</summary>
    IReadOnlyList<TaskId> Known { get; }

    /// <summary>Secrets and configs that tasks of this node need; kept in memory only.</summary>
    void TakePayloads(PayloadUpdate update);

    /// <summary>Image, root file system, network, container; ends when it could start at once.</summary>
    /// <exception cref="TaskRejectedException">It can never run here as specified; one line for the user.</exception>
    Task PrepareAsync(AssignedTask task, Action<string> progress, CancellationToken ct);

    /// <summary>Where the program is to wait for somebody who attaches: ends when there is one.</summary>
    /// <exception cref="TaskRejectedException">Nobody came in time.</exception>
    Task AwaitCallerAsync(AssignedTask task, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Runs the prepared container; ends when it can take connections, or has ended already.</summary>
    /// <exception cref="TaskRejectedException">The runtime refused; one line for the user.</exception>
    Task<StartedContainer> StartAsync(AssignedTask task, CancellationToken ct);

    /// <summary>Ends with null when the container was found healthy, or with its end before that.</summary>
    Task<ContainerEnd?> AwaitHealthAsync(TaskId task, CancellationToken ct);

    /// <summary>Ends when the container has ended, by itself or because it was unhealthy.</summary>
    Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct);

    /// <summary>
    /// Stop signal, grace period, kill; ends when it has ended. A task that nobody assigns has an id and no
    /// specification: it is stopped as its container was made to be.
    /// </summary>
    Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct);

    /// <summary>Gives back what an ended or called-off task holds (file system, address, cgroup); keeps its
    /// log.</summary>
    Task ReleaseAsync(TaskId task, CancellationToken ct);

    /// <summary>Ends whatever still runs and deletes all of it, the log too.</summary>
    Task RemoveAsync(TaskId task, CancellationToken ct);
}

/// <summary>The task cannot run as specified: the message is what `service ps` shows.</summary>
public sealed class TaskRejectedException(string message, Exception? cause = null) : Exception(message, cause);
