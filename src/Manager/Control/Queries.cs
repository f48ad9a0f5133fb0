using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>
/// Questions, answered by the leader from a state that is as new as the question; or, where the caller allows it, by
/// any manager from what it has.
/// </summary>
internal sealed class Queries(
    Func<CancellationToken, Task<ClusterState>> stateNow, Func<IReadOnlyList<ManagerMember>> members)
{
    internal async Task<GetServiceResponse> ServiceAsync(GetServiceRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        return new GetServiceResponse
        {
            Service = Answers.Service(state, References.Service(state, request.Ref)), Revision = state.LastIndex,
        };
    }

    internal async Task<ListServicesResponse> ServicesAsync(ListServicesRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        var response = new ListServicesResponse { Revision = state.LastIndex };
        response.Services.Add(state.Services.Select(p => p.Value)
            .Where(s => !s.Removing && Matches(s, request))
            .OrderBy(s => s.Spec.Name, StringComparer.Ordinal)
            .Select(s => Answers.Service(state, s)));
        return response;
    }

    internal async Task<GetTaskResponse> TaskAsync(GetTaskRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        return new GetTaskResponse
        {
            Task = Answers.Task(state, References.Task(state, request.Ref)), Revision = state.LastIndex,
        };
    }

    internal async Task<ListTasksResponse> TasksAsync(ListTasksRequest request, NodeId self, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        var services = request.ServiceRefs.Select(r => References.Service(state, r).Id).ToHashSet();
        var nodes = request.NodeRefs.Select(r => References.Node(state, r, self).Id).ToHashSet();
        var desired = request.DesiredStates.Select(ParseState).ToHashSet();
        var tasks = services.Count > 0
            ? services.SelectMany(s => state.TasksOf(s))
            : nodes.Count > 0 ? nodes.SelectMany(n => state.TasksOn(n)) : state.Tasks.Select(p => p.Value);
        var views = tasks
            .Where(t => nodes.Count == 0 || nodes.Contains(t.NodeId))
            .Where(t => desired.Count == 0 || desired.Contains(t.DesiredState))
            .Where(t => request.Ids.Count == 0
                || request.Ids.Any(i => t.Id.Value.StartsWith(i, StringComparison.Ordinal)))
            .Select(t => Answers.Task(state, t))
            .Where(v => request.Names.Count == 0
                || request.Names.Any(n => v.Name.StartsWith(n, StringComparison.Ordinal)));
        var response = new ListTasksResponse { Revision = state.LastIndex };
        response.Tasks.Add(views.OrderBy(v => v.Name, StringComparer.Ordinal)
            .ThenByDescending(v => v.CreatedAtNs).ThenBy(v => v.Id, StringComparer.Ordinal));
        return response;
    }

    internal async Task<GetNodeResponse> NodeAsync(GetNodeRequest request, NodeId self, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        return new GetNodeResponse
        {
            Node = Answers.Node(References.Node(state, request.Ref, self), members()),
            RootCertificatePem = state.Cluster?.RootCertificatePem ?? "",
            Revision = state.LastIndex,
        };
    }

    internal async Task<ListNodesResponse> NodesAsync(ListNodesRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        var managers = members();
        var response = new ListNodesResponse { Revision = state.LastIndex };
        response.Nodes.Add(state.Nodes.Select(p => p.Value)
            .Where(n => Matches(n, request))
            .OrderBy(n => n.Hostname, StringComparer.Ordinal).ThenBy(n => n.Id)
            .Select(n => Answers.Node(n, managers)));
        return response;
    }

    private static TaskState ParseState(string name) =>
        Enum.TryParse<TaskState>(name, ignoreCase: true, out var state) && Enum.IsDefined(state)
            ? state
            : throw new RpcException(
                RpcStatusCode.InvalidArgument,
                $"invalid filter desired-state={name}: known are running, ready, shutdown, accepted, remove");

    private static bool Matches(ServiceRecord service, ListServicesRequest request) =>
        (request.Names.Count == 0
            || request.Names.Any(n => service.Spec.Name.StartsWith(n, StringComparison.Ordinal)))
        && (request.Ids.Count == 0
            || request.Ids.Any(i => service.Id.Value.StartsWith(i, StringComparison.Ordinal)))
        && (request.Modes.Count == 0 || request.Modes.Contains(service.Spec.ModeName()))
        && request.Labels.All(l => HasLabel(service.Spec.Labels, l));

    private static bool Matches(NodeRecord node, ListNodesRequest request) =>
        (request.Ids.Count == 0 || request.Ids.Any(i => node.Id.Value.StartsWith(i, StringComparison.Ordinal)))
        && (request.Names.Count == 0 || request.Names.Any(n => node.Hostname.StartsWith(n, StringComparison.Ordinal)))
        && (request.Roles.Count == 0
            || request.Roles.Contains(node.Role == NodeRole.Manager ? "manager" : "worker"))
        && (request.Availabilities.Count == 0
            || request.Availabilities.Any(
                a => a.Equals(node.Availability.ToString(), StringComparison.OrdinalIgnoreCase)))
        && request.NodeLabels.All(l => HasLabel(node.Spec.Labels, l));

    private static bool HasLabel(IDictionary<string, string> labels, string filter)
    {
        var equals = filter.IndexOf('=', StringComparison.Ordinal);
        return equals < 0
            ? labels.ContainsKey(filter)
            : labels.TryGetValue(filter[..equals], out var value) && value == filter[(equals + 1)..];
    }
}
