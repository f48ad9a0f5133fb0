using Swarm.Protocol.V1;

namespace Swarm.Worker;

/// <summary>Where tasks run.</summary>
/// <param name="NodeId">This node.</param>
/// <param name="Description">Hostname and platform, for templates.</param>
/// <param name="TasksDirectory">One directory for each task: its root file system.</param>
public sealed record TaskHost(string NodeId, NodeDescription Description, string TasksDirectory)
{
    /// <summary>Root file systems of all tasks.</summary>
    internal string RootfsDirectory => Path.Combine(TasksDirectory, "rootfs");

    /// <summary>What one task has on this node besides its container.</summary>
    internal string DirectoryOf(string task) => Path.Combine(RootfsDirectory, task);
}
