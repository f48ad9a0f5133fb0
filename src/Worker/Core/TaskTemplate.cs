using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Core;

/// <summary>
/// Expands {{.Service.Name}} and its kind in env values, hostname and mounts of a task.
/// </summary>
public sealed class TaskTemplate(AssignedTask task, string nodeId, NodeDescription node)
{
    /// <summary>The text with every field replaced.</summary>
    /// <exception cref="FormatException">An unknown field or an open brace; the message names it.</exception>
    public string Expand(string text) => TemplateText.Expand(text, Value);

    private string? Value(string field) => field switch
    {
        ".Service.ID" => task.ServiceId,
        ".Service.Name" => task.ServiceName,
        ".Node.ID" => nodeId,
        ".Node.Hostname" => node.Hostname,
        ".Node.Platform.OS" => node.Platform.Os,
        ".Node.Platform.Architecture" => node.Platform.Architecture,
        ".Task.ID" => task.Id,
        ".Task.Name" => task.Name,
        ".Task.Slot" => task.Slot.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => TemplateText.LabelOf(field) is { } label ? task.ServiceLabels.GetValueOrDefault(label, "") : null,
    };
}
