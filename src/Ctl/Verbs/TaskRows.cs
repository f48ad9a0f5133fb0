using System.Text.Json.Nodes;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>Tasks as `service ps` and `node ps` list them: the newest of a slot first, older ones below it with
/// \_.</summary>
internal static class TaskRows
{
    private const int ErrorChars = 32;

    internal static readonly IReadOnlyList<Column> Columns =
    [
        new("ID", "ID"), new("NAME", "Name"), new("IMAGE", "Image"), new("NODE", "Node"),
        new("DESIRED STATE", "DesiredState"), new("CURRENT STATE", "CurrentState"), new("ERROR", "Error"),
        new("PORTS", "Ports"),
    ];

    /// <param name="tasks">Sorted by name, then newest first.</param>
    /// <param name="noTrunc">Whole ids, digests and errors.</param>
    /// <param name="noResolve">Ids instead of names.</param>
    /// <param name="marked">With \_ before the older tasks of a slot: for tables only.</param>
    internal static List<JsonObject> Build(IReadOnlyList<TaskView> tasks, bool noTrunc, bool noResolve, bool marked)
    {
        var rows = new List<JsonObject>();
        var previous = "";
        foreach (var task in tasks)
        {
            var name = noResolve ? TaskName(task) : task.Name;
            var isOlder = name == previous;
            previous = name;
            rows.Add(new JsonObject
            {
                ["ID"] = noTrunc ? task.Id : VerbParts.ShortId(task.Id),
                ["Name"] = isOlder && marked ? $" \\_ {name}" : name,
                ["Image"] = noTrunc ? task.Spec?.Container.Image ?? "" : Words.Image(task.Spec?.Container.Image ?? ""),
                ["Node"] = noResolve ? task.NodeId : task.NodeHostname,
                ["DesiredState"] = Words.State(task.DesiredState),
                ["CurrentState"] = $"{Words.State(task.Status.State)} {Ago.Since(ChangedAt(task))}",
                ["Error"] = Error(task.Status.Error, noTrunc),
                ["Ports"] = Words.Ports(task.HostPorts, "*"),
            });
        }

        return rows;
    }

    private static string TaskName(TaskView task) => task.Slot == 0
        ? $"{task.ServiceId}.{task.NodeId}"
        : $"{task.ServiceId}.{task.Slot}";

    private static long ChangedAt(TaskView task) => task.Status.AtNs > 0 ? task.Status.AtNs : task.CreatedAtNs;

    private static string Error(string error, bool noTrunc) => error.Length == 0
        ? ""
        : noTrunc ? $"\"{error}\"" : $"\"{VerbParts.Cut(error, ErrorChars - 2)}\"";
}
