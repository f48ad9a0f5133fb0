using System.Globalization;

namespace Swarm.Model;

/// <summary>Names of tasks as people know them (behaviour.md A).</summary>
public static class TaskNames
{
    /// <summary>"web.1", or "agent.NODE-ID" for a task of a global service.</summary>
    public static string Of(string serviceName, TaskRecord task) => task.Slot == 0
        ? $"{serviceName}.{task.NodeId}"
        : string.Create(CultureInfo.InvariantCulture, $"{serviceName}.{task.Slot}");
}
