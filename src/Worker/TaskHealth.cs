using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>What is known of a task's health, for whoever looks at the node.</summary>
public static class TaskHealth
{
    /// <summary>starting, healthy or unhealthy; empty when the task is not checked.</summary>
    public static string Of(string tasksDirectory, string task)
    {
        try
        {
            return HealthFile.Load(Path.Combine(TaskHost.RootfsOf(tasksDirectory), task))?.State.Status switch
            {
                HealthStatus.Starting => "starting",
                HealthStatus.Healthy => "healthy",
                HealthStatus.Unhealthy => "unhealthy",
                _ => "",
            };
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return "";
        }
    }
}
