using Swarm.Model;
using Swarm.Protocol.V1;
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
            Epoch = state.Epoch,
        };
    }

    internal async Task<ListServicesResponse> ServicesAsync(ListServicesRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        Filters.Check(request);
        var after = Paging.After(request.Page, 2);
        var response = new ListServicesResponse { Revision = state.LastIndex, Epoch = state.Epoch };
        static IReadOnlyList<string> Place(ServiceRecord s) => [s.Spec.Name, s.Id.Value];
        response.NextPageToken = Paging.Fill(
            request.Page,
            state.Services.Values
                .Where(s => !s.Removing && Filters.Matches(s, request) && Paging.Compare(Place(s), after) > 0)
                .OrderBy(s => s.Spec.Name, StringComparer.Ordinal).ThenBy(s => s.Id),
            Place, s => Answers.Service(state, s), response.Services);
        return response;
    }

    internal async Task<GetTaskResponse> TaskAsync(GetTaskRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        return new GetTaskResponse
        {
            Task = Answers.Task(state, References.Task(state, request.Ref)), Revision = state.LastIndex,
            Epoch = state.Epoch,
        };
    }

    internal async Task<ListTasksResponse> TasksAsync(ListTasksRequest request, NodeId self, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        return new TaskList(state, request, self).Answer();
    }

    internal async Task<GetPayloadResponse> PayloadAsync(GetPayloadRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        return new GetPayloadResponse
        {
            Payload = Answers.Payload(References.Payload(state, request.Kind, request.Ref)),
            Revision = state.LastIndex,
            Epoch = state.Epoch,
        };
    }

    internal async Task<ListPayloadsResponse> PayloadsAsync(ListPayloadsRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        var after = Paging.After(request.Page, 2);
        var response = new ListPayloadsResponse { Revision = state.LastIndex, Epoch = state.Epoch };
        static IReadOnlyList<string> Place(PayloadRecord p) => [p.Spec.Name, p.Id.Value];
        response.NextPageToken = Paging.Fill(
            request.Page,
            state.Payloads.Values
                .Where(p => Filters.Matches(p, request) && Paging.Compare(Place(p), after) > 0)
                .OrderBy(p => p.Spec.Name, StringComparer.Ordinal).ThenBy(p => p.Id),
            Place, Views.ToView, response.Payloads);
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
            Epoch = state.Epoch,
        };
    }

    internal async Task<ListNodesResponse> NodesAsync(ListNodesRequest request, CancellationToken ct)
    {
        var state = await stateNow(ct).ConfigureAwait(false);
        Filters.Check(request);
        var managers = members();
        var after = Paging.After(request.Page, 2);
        var response = new ListNodesResponse { Revision = state.LastIndex, Epoch = state.Epoch };
        static IReadOnlyList<string> Place(NodeRecord n) => [n.Hostname, n.Id.Value];
        response.NextPageToken = Paging.Fill(
            request.Page,
            state.Nodes.Values
                .Where(n => Filters.Matches(n, request) && Paging.Compare(Place(n), after) > 0)
                .OrderBy(n => n.Hostname, StringComparer.Ordinal).ThenBy(n => n.Id),
            Place, n => Answers.Node(n, managers), response.Nodes);
        return response;
    }
}
