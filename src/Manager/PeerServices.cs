using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>What managers and nodes ask of a manager over TCP, beside the control service and certificates.</summary>
internal sealed class PeerServices(ManagerNode manager, RaftNode raft, ManagerLog log)
{
    /// <summary>What managers ask of each other beside Raft's messages.</summary>
    internal RpcService Raft()
    {
        var service = new RpcService(Wire.RaftPeer);
        service.Unary<JoinClusterRequest, JoinClusterResponse>("JoinCluster", JoinAsync);
        service.Unary<LeaveClusterRequest, LeaveClusterResponse>("LeaveCluster", LeaveAsync);
        service.Unary<DescribeRaftRequest, DescribeRaftResponse>("DescribeRaft", DescribeAsync);
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
        service.Duplex<TaskSessionResponse, TaskSessionRequest>(
            "ServeTaskSession", (answers, requests, call) => Leading().Conversations.TakeAsync(
                new NodeId(call.Peer.NodeId), answers, requests, call.Cancellation));
        return service;
    }

    /// <summary>
    /// A new manager, or one that lost its log and comes back under another name: the old one goes first.
    /// </summary>
    private async Task<JoinClusterResponse> JoinAsync(JoinClusterRequest request, CallContext call)
    {
        var session = Leading();
        if (!HostPort.TryParse(request.Address, out var address) || request.RaftId == 0)
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, $"address '{request.Address}' is not IP:PORT, or the raft id is 0");
        }

        if (manager.State.Nodes.Get(new NodeId(call.Peer.NodeId)) is not { DesiredRole: NodeRole.Manager })
        {
            throw new RpcException(
                RpcStatusCode.PermissionDenied, $"node {call.Peer.NodeId} is to be a worker: it is not taken in");
        }

        var member = new RaftMember(new RaftId(request.RaftId), address.ToString(), true, call.Peer.NodeId);
        await session.Formats.AdmitAsync(
            request.StoreFormat, () => AdmitAsync(session, member, call.Cancellation), call.Cancellation)
            .ConfigureAwait(false);
        var response = new JoinClusterResponse();
        response.Members.Add(raft.Status.Members.Select(m => new JoinedMember
        {
            RaftId = m.Id.Value, Address = m.Address, NodeId = m.NodeId, Learner = m.Learner,
        }));
        return response;
    }

    private async Task AdmitAsync(LeaderSession session, RaftMember member, CancellationToken ct)
    {
        foreach (var former in raft.Status.Members.Where(m => m.NodeId == member.NodeId && m.Id != member.Id).ToList())
        {
            await session.Changes.ApplyAsync(ConfChange.Remove(former.Id), ct).ConfigureAwait(false);
            log.MemberRemoved(former.Id.Value, former.NodeId);
        }

        var present = raft.Status.Members.FirstOrDefault(m => m.Id == member.Id);
        if (present is null)
        {
            log.ManagerJoins(member.NodeId, member.Address, member.Id.Value);
            await session.Changes.ApplyAsync(ConfChange.AddLearner(member), ct).ConfigureAwait(false);
        }
        else if (present.NodeId != member.NodeId)
        {
            throw new RpcException(
                RpcStatusCode.AlreadyExists, $"raft id {member.Id} is another node's: choose another one");
        }
        else if (present.Address != member.Address)
        {
            await session.Changes.ApplyAsync(ConfChange.UpdateAddress(member.Id, member.Address), ct)
                .ConfigureAwait(false);
        }
    }

    private async Task<LeaveClusterResponse> LeaveAsync(LeaveClusterRequest request, CallContext call)
    {
        var session = Leading();
        await session.Roles.LeaveAsync(session.Proposer, new NodeId(call.Peer.NodeId), call.Cancellation)
            .ConfigureAwait(false);
        return new LeaveClusterResponse();
    }

    private Task<DescribeRaftResponse> DescribeAsync(DescribeRaftRequest request, CallContext call)
    {
        Leading();
        var response = new DescribeRaftResponse();
        response.Members.Add(RaftReport.Members(raft.Status));
        return Task.FromResult(response);
    }

    private LeaderSession Leading() => manager.Session ?? throw new RpcException(
        RpcStatusCode.FailedPrecondition,
        "this manager is not the leader",
        new NotLeader { LeaderAddress = manager.LeaderAddressOrEmpty() }.ToByteArray());
}
