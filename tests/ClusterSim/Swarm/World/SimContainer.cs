using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What is on a node of one task; outlives the daemon, ends with the host.</summary>
internal sealed class SimContainer(TaskId task, AssignedTask assigned)
{
    public TaskId Task { get; } = task;

    public AssignedTask Assigned { get; } = assigned;

    /// <summary>Preparing, Ready, Running, or terminal.</summary>
    public TaskState State { get; set; } = TaskState.Preparing;

    public int? ExitCode { get; set; }

    public bool IsRunning => State == TaskState.Running;

    public string Address { get; init; } = "";
}
