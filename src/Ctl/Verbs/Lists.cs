using Google.Protobuf.Collections;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>Whole lists, page after page.</summary>
internal static class Lists
{
    internal static Task<List<ServiceView>> ServicesAsync(
        Cli.Ctl ctl, ListServicesRequest request, CancellationToken ct) => AllAsync<ServiceView>(async token =>
        {
            request.Page = new Page { Token = token };
            var page = await ctl.CallAsync<ListServicesRequest, ListServicesResponse>("ListServices", request, ct)
                .ConfigureAwait(false);
            return (page.Services, page.NextPageToken);
        });

    internal static Task<List<TaskView>> TasksAsync(Cli.Ctl ctl, ListTasksRequest request, CancellationToken ct) =>
        AllAsync<TaskView>(async token =>
        {
            request.Page = new Page { Token = token };
            var page = await ctl.CallAsync<ListTasksRequest, ListTasksResponse>("ListTasks", request, ct)
                .ConfigureAwait(false);
            return (page.Tasks, page.NextPageToken);
        });

    internal static Task<List<NodeView>> NodesAsync(Cli.Ctl ctl, ListNodesRequest request, CancellationToken ct) =>
        AllAsync<NodeView>(async token =>
        {
            request.Page = new Page { Token = token };
            var page = await ctl.CallAsync<ListNodesRequest, ListNodesResponse>("ListNodes", request, ct)
                .ConfigureAwait(false);
            return (page.Nodes, page.NextPageToken);
        });

    internal static Task<List<PayloadView>> PayloadsAsync(
        Cli.Ctl ctl, ListPayloadsRequest request, CancellationToken ct) => AllAsync<PayloadView>(async token =>
        {
            request.Page = new Page { Token = token };
            var page = await ctl.CallAsync<ListPayloadsRequest, ListPayloadsResponse>("ListPayloads", request, ct)
                .ConfigureAwait(false);
            return (page.Payloads, page.NextPageToken);
        });

    private static async Task<List<T>> AllAsync<T>(Func<string, Task<(RepeatedField<T> Items, string Next)>> pageAfter)
    {
        var all = new List<T>();
        var token = "";
        do
        {
            (var items, token) = await pageAfter(token).ConfigureAwait(false);
            all.AddRange(items);
        }
        while (token.Length > 0);
        return all;
    }
}
