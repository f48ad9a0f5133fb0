using Swarm.Protocol.V1;

namespace Swarm.Manager.Core;

/// <summary>Which events a watcher wants: any value of each kind of filter, all kinds of filters.</summary>
internal sealed class EventFilter(WatchRequest request)
{
    internal static readonly IReadOnlyList<string> Types = ["service", "task", "node", "secret", "config"];
    internal static readonly IReadOnlyList<string> Actions = ["create", "update", "remove"];

    /// <summary>Why the filter cannot be used; null when it can.</summary>
    internal string? Fault =>
        request.Types_.FirstOrDefault(t => !Types.Contains(t)) is { } type
            ? $"invalid filter 'type={type}': known are {string.Join(", ", Types)}"
        : request.Actions.FirstOrDefault(a => !Actions.Contains(a)) is { } action
            ? $"invalid filter 'event={action}': known are {string.Join(", ", Actions)}"
        : null;

    internal bool Wants(Event e) =>
        Any(request.Types_, e.Type)
        && Any(request.Actions, e.Action)
        && (request.Services.Count == 0 || Concerns(request.Services, e, "service"))
        && (request.Nodes.Count == 0 || Concerns(request.Nodes, e, "node"))
        && (request.Secrets.Count == 0 || Concerns(request.Secrets, e, "secret"))
        && (request.Configs.Count == 0 || Concerns(request.Configs, e, "config"))
        && (request.Tasks.Count == 0 || (e.Type == "task" && Names(request.Tasks, e.Id, e.Attributes["name"])));

    private static bool Any(ICollection<string> wanted, string value) => wanted.Count == 0 || wanted.Contains(value);

    private static bool Concerns(ICollection<string> wanted, Event e, string kind) => e.Type == kind
        ? Names(wanted, e.Id, e.Attributes["name"])
        : e.Type == "task" && e.Attributes.TryGetValue(kind + ".id", out var id)
            && Names(wanted, id, e.Attributes[kind + ".name"]);

    private static bool Names(ICollection<string> wanted, string id, string name) =>
        wanted.Contains(id) || wanted.Contains(name);
}
