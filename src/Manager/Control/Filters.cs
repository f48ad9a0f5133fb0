using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Control;

/// <summary>What lists are filtered by; a value that nothing can have is refused and not an empty list.</summary>
internal static class Filters
{
    private static readonly string[] Modes = ["replicated", "global", "replicated-job", "global-job"];
    private static readonly string[] Roles = ["manager", "worker"];
    private static readonly string[] Memberships = ["accepted", "pending"];
    private static readonly string[] Availabilities = ["active", "pause", "drain"];

    internal static void Check(ListServicesRequest request) => Known("mode", request.Modes, Modes);

    internal static void Check(ListNodesRequest request)
    {
        Known("role", request.Roles, Roles);
        Known("membership", request.Memberships, Memberships);
        Known("availability", request.Availabilities, Availabilities);
    }

    internal static TaskState DesiredState(string name) =>
        Enum.TryParse<TaskState>(name, ignoreCase: true, out var state) && Enum.IsDefined(state)
        && !char.IsAsciiDigit(name[0])
            ? state
            : throw Errors.Invalid([new SpecFault(
                "filter.desired-state", name, "is no state of a task",
                "use running, ready, complete, shutdown or remove")]);

    internal static bool Matches(ServiceRecord service, ListServicesRequest request) =>
        Begins(request.Names, service.Spec.Name)
        && Begins(request.Ids, service.Id.Value)
        && (request.Modes.Count == 0 || request.Modes.Contains(service.Spec.ModeName()))
        && HasLabels(service.Spec.Labels, request.Labels);

    internal static bool Matches(PayloadRecord payload, ListPayloadsRequest request) =>
        payload.Kind == request.Kind
        && Begins(request.Names, payload.Spec.Name)
        && Begins(request.Ids, payload.Id.Value)
        && HasLabels(payload.Spec.Labels, request.Labels);

    internal static bool Matches(NodeRecord node, ListNodesRequest request) =>
        Begins(request.Ids, node.Id.Value)
        && Begins(request.Names, node.Hostname)
        && (request.Roles.Count == 0
            || request.Roles.Contains(node.Role == NodeRole.Manager ? "manager" : "worker"))
        && (request.Availabilities.Count == 0
            || request.Availabilities.Any(
                a => a.Equals(node.Availability.ToString(), StringComparison.OrdinalIgnoreCase)))
        // A node has its record from when its certificate was issued: none is pending.
        && (request.Memberships.Count == 0 || request.Memberships.Contains("accepted"))
        && HasLabels(node.Spec.Labels, request.NodeLabels)
        && (request.EngineLabels.Count == 0
            || (node.Description is { } told && HasLabels(told.EngineLabels, request.EngineLabels)));

    /// <summary>Any of them, when there are any.</summary>
    internal static bool Begins(ICollection<string> prefixes, string text) =>
        prefixes.Count == 0 || prefixes.Any(p => text.StartsWith(p, StringComparison.Ordinal));

    /// <summary>All of them: "key", or "key=value".</summary>
    internal static bool HasLabels(IDictionary<string, string> labels, IEnumerable<string> wanted) =>
        wanted.All(filter =>
        {
            var equals = filter.IndexOf('=', StringComparison.Ordinal);
            return equals < 0
                ? labels.ContainsKey(filter)
                : labels.TryGetValue(filter[..equals], out var value) && value == filter[(equals + 1)..];
        });

    private static void Known(string filter, IEnumerable<string> values, string[] known)
    {
        var faults = values.Where(v => !known.Contains(v)).Select(v => new SpecFault(
            "filter." + filter, v, $"is no {filter}", $"use {string.Join(", ", known)}")).ToList();
        if (faults.Count > 0)
        {
            throw Errors.Invalid(faults);
        }
    }
}
