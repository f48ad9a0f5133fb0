using Swarm.Protocol.V1;
using Swarm.Runtime;
using Swarm.Runtime.Rootfs;

namespace Swarm.Worker;

/// <summary>Where tasks run.</summary>
/// <param name="NodeId">This node.</param>
/// <param name="Description">Hostname and platform, for templates.</param>
/// <param name="TasksDirectory">One directory for each task: its root file system.</param>
public sealed record TaskHost(string NodeId, NodeDescription Description, string TasksDirectory)
{
    /// <summary>Layers for containers in user namespaces; null = containers have none.</summary>
    public MappedLayers? Mapped { get; init; }

    /// <summary>Before the first container: where all root file systems will be.</summary>
    public static void Prepare(string tasksDirectory) => _ = SpreadDirectory.Make(RootfsOf(tasksDirectory));

    /// <summary>Root file systems of all tasks.</summary>
    internal string RootfsDirectory => RootfsOf(TasksDirectory);

    /// <summary>What one task has on this node besides its container.</summary>
    internal string DirectoryOf(string task) => Path.Combine(RootfsDirectory, task);

    /// <summary>Root file systems of one-off containers.</summary>
    public static string RunsOf(string tasksDirectory) => Path.Combine(tasksDirectory, "runs");

    /// <summary>Root file systems of all tasks.</summary>
    public static string RootfsOf(string tasksDirectory) => Path.Combine(tasksDirectory, "rootfs");
}
