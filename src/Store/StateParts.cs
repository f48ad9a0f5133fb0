using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>The objects of a snapshot until all are there and the indexes can be made.</summary>
internal sealed class StateParts
{
    private readonly List<NodeRecord> _nodes = [];
    private readonly List<ServiceRecord> _services = [];
    private readonly List<(TaskRecord Task, DateTimeOffset RanSince)> _tasks = [];
    private readonly List<PayloadRecord> _payloads = [];
    private ClusterRecord? _cluster;
    private RecentRequests _requests = RecentRequests.None;

    internal ulong LastIndex { get; init; }

    internal void Add(StoredKind kind, long fact, ReadOnlySpan<byte> message)
    {
        try
        {
            Parse(kind, fact, message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"an object of a snapshot cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The records go through the draft that entries use: the indexes come by themselves.</summary>
    internal ClusterState Build()
    {
        var draft = new StateDraft(ClusterState.Empty, default, LastIndex);
        if (_cluster is not null)
        {
            draft.PutCluster(_cluster);
        }

        _payloads.ForEach(draft.PutPayload);
        _nodes.ForEach(draft.PutNode);
        // Specs first come whole, then tasks count their uses; what nobody uses goes with the last put.
        _services.ForEach(draft.RestoreService);
        foreach (var (task, ranSince) in _tasks)
        {
            if (draft.Service(task.ServiceId)?.KeptSpecs.ContainsKey(task.SpecVersion) != true)
            {
                throw new InvalidDataException($"a snapshot has task {task.Id} without its service or spec");
            }

            draft.RestoreTask(task, ranSince);
        }

        return draft.Finish().State with { Requests = _requests };
    }

    private void Parse(StoredKind kind, long fact, ReadOnlySpan<byte> message)
    {
        switch (kind)
        {
            case StoredKind.Cluster:
                _cluster = Views.FromView(ClusterView.Parser.ParseFrom(message));
                break;
            case StoredKind.Node:
                _nodes.Add(Views.FromView(NodeView.Parser.ParseFrom(message)));
                break;
            case StoredKind.Service:
                _services.Add(Shared(Views.FromView(ServiceView.Parser.ParseFrom(message)), (ulong)fact));
                break;
            case StoredKind.Task:
                _tasks.Add((Views.FromView(TaskView.Parser.ParseFrom(message)), Timestamps.FromNs(fact)));
                break;
            case StoredKind.Payload:
                _payloads.Add(Views.FromView(PayloadView.Parser.ParseFrom(message)));
                break;
            case StoredKind.Request:
                _requests = _requests.With(RequestCodec.FromStored(StoredRequest.Parser.ParseFrom(message)));
                break;
            default:
                throw new InvalidDataException($"a snapshot has an object of kind {(int)kind}; use the newer program");
        }
    }

    /// <summary>One document in memory for each version, as it was before it was written.</summary>
    private static ServiceRecord Shared(ServiceRecord service, ulong portsSpecVersion) => service with
    {
        PortsSpecVersion = portsSpecVersion,
        Spec = service.KeptSpecs.GetValueOrDefault(service.SpecVersion, service.Spec),
        PreviousSpec = service.PreviousSpec is { } previous
            ? service.KeptSpecs.GetValueOrDefault(service.PreviousSpecVersion, previous)
            : null,
    };
}
