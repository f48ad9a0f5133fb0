using System.Text.Json.Nodes;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>What a restored swarm has found, for people and for scripts.</summary>
internal static class ObservationView
{
    internal static void Print(TextWriter output, GetObservationResponse seen)
    {
        output.WriteLine(seen.Observing
            ? "The swarm observes: nothing is started, stopped or placed."
            : "The swarm does not observe.");
        foreach (var node in seen.Nodes)
        {
            output.WriteLine(node.Reported
                ? $"{node.Hostname}: {node.AsWanted} running as wanted, {node.ToStop.Count} not wanted, "
                    + $"{node.Missing.Count} missing"
                : $"{node.Hostname}: no session; what runs there is not known, and its tasks are "
                    + "started elsewhere once it is down");
            foreach (var task in node.ToStop)
            {
                output.WriteLine($"  would be stopped: {task}");
            }

            foreach (var task in node.Missing)
            {
                output.WriteLine($"  does not run, would be replaced: {task}");
            }
        }

        Counts(output, "would be started", seen.TasksToStart);
        Counts(output, "would be stopped by the planner", seen.TasksToStop);
    }

    internal static JsonObject Json(GetObservationResponse seen) => new()
    {
        ["Observing"] = seen.Observing,
        ["Version"] = seen.Version,
        ["Nodes"] = new JsonArray([.. seen.Nodes.Select(n => new JsonObject
        {
            ["ID"] = n.NodeId,
            ["Hostname"] = n.Hostname,
            ["Reported"] = n.Reported,
            ["AsWanted"] = n.AsWanted,
            ["ToStop"] = new JsonArray([.. n.ToStop.Select(t => JsonValue.Create(t))]),
            ["Missing"] = new JsonArray([.. n.Missing.Select(t => JsonValue.Create(t))]),
        })]),
        ["TasksToStart"] = Map(seen.TasksToStart),
        ["TasksToStop"] = Map(seen.TasksToStop),
    };

    private static void Counts(TextWriter output, string what, IEnumerable<KeyValuePair<string, ulong>> counts)
    {
        foreach (var (service, count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"service {service}: {count} {(count == 1 ? "task" : "tasks")} {what}");
        }
    }

    private static JsonObject Map(IEnumerable<KeyValuePair<string, ulong>> counts)
    {
        var map = new JsonObject();
        foreach (var (service, count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            map[service] = count;
        }

        return map;
    }
}
