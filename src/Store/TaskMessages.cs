using Swarm.Model;

namespace Swarm.Store;

/// <summary>What a status says when its writer said nothing: docker's wording, kept out of the log.</summary>
public static class TaskMessages
{
    /// <summary>The text of a state that the manager sets.</summary>
    public static string Of(TaskState state) => state switch
    {
        TaskState.New => "created",
        TaskState.Pending => "pending task scheduling",
        TaskState.Assigned => "scheduler assigned task to node",
        TaskState.Orphaned => "node was removed",
        _ => "",
    };
}
