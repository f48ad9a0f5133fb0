using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>What managers and nodes ask of a manager over TCP, beside the control service and certificates.</summary>
internal sealed class PeerServices(ManagerNode manager, RaftNode raft)
{
    /// <summary>Raft messages from the other managers.</summary>
    internal RpcService Raft()
    {
        var service = new RpcService(Wire.RaftPeer);
        service.ClientStream<RaftEnvelope, RaftEnvelope>("Exchange", ExchangeAsync);
        service.Unary<JoinClusterRequest, JoinClusterResponse>("JoinCluster", JoinAsync);
        service.Unary<LeaveClusterRequest, LeaveClusterResponse>("LeaveCluster", LeaveAsync);
        return service;
    }

    /// <summary>Sessions and logs of nodes.</summary>
    internal RpcService Dispatcher()
    {
        var service = new RpcService(Wire.Dispatcher);
        service.Duplex<SessionRequest, SessionResponse>(
            "Session", (requests, responses, call) => Leading().Dispatcher.ServeAsync(
                new NodeId(call.Peer.NodeId), requests, responses, call.Cancellation));
        service.ClientStream<PublishLogsRequest, PublishLogsResponse>("PublishLogs", async (lines, call) =>
        {
            await Leading().Logs.TakeAsync(new NodeId(call.Peer.NodeId), lines, call.Cancellation).ConfigureAwait(
                false);
            return new PublishLogsResponse();
        });
        return service;
    }

    private async Task<RaftEnvelope> ExchangeAsync(IAsyncEnumerable<RaftEnvelope> messages, CallContext call)
    {
        await foreach (var envelope in messages.WithCancellation(call.Cancellation).ConfigureAwait(false))
        {
            try
            {
                raft.Receive(RaftMessageCodec.Decode(envelope.Message.Memory));
            }
            catch (InvalidDataException e)
            {
                throw new RpcException(RpcStatusCode.InvalidArgument, $"not a raft message: {e.Message}");
            }
        }

        return new RaftEnvelope();
    }

    private async Task<JoinClusterResponse> JoinAsync(JoinClusterRequest request, CallContext call)
    {
        Leading();
        if (!HostPort.TryParse(request.Address, out var address) || request.RaftId == 0)
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, $"address '{request.Address}' is not IP:PORT, or the raft id is 0");
        }

        var member = new RaftMember(new RaftId(request.RaftId), address.ToString(), true, call.Peer.NodeId);
        if (raft.Status.Members.All(m => m.Id != member.Id))
        {
            await ChangeAsync(ConfChange.AddLearner(member), call.Cancellation).ConfigureAwait(false);
        }

        var response = new JoinClusterResponse();
        response.Members.Add(raft.Status.Members.Select(m => new JoinedMember
        {
            RaftId = m.Id.Value, Address = m.Address, NodeId = m.NodeId, Learner = m.Learner,
        }));
        return response;
    }

    private async Task<LeaveClusterResponse> LeaveAsync(LeaveClusterRequest request, CallContext call)
    {
        Leading();
        var id = new RaftId(request.RaftId);
        if (raft.Status.Members.All(m => m.Id != id))
        {
            return new LeaveClusterResponse();
        }

        if (raft.Status.Members.First(m => m.Id == id).NodeId != call.Peer.NodeId)
        {
            throw new RpcException(RpcStatusCode.PermissionDenied, "a manager may only take itself out");
        }

        await ChangeAsync(ConfChange.Remove(id), call.Cancellation).ConfigureAwait(false);
        return new LeaveClusterResponse();
    }

    private async Task ChangeAsync(ConfChange change, CancellationToken ct)
    {
        var result = await raft.ChangeMembershipAsync(change, ct).ConfigureAwait(false);
        if (result.Outcome != ProposeOutcome.Done)
        {
            throw new RpcException(
                RpcStatusCode.Unavailable, $"the membership was not changed ({result.Outcome}); try again");
        }
    }

    private LeaderSession Leading() => manager.Session ?? throw new RpcException(
        RpcStatusCode.FailedPrecondition,
        "this manager is not the leader",
        new NotLeader { LeaderAddress = manager.LeaderAddressOrEmpty() }.ToByteArray());
}
