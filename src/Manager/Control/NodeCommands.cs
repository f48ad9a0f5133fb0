using System.Collections.Immutable;
using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Commands about nodes and join tokens, on the leader.</summary>
internal sealed class NodeCommands(LeaderContext leader, RaftNode raft, Func<string> advertiseAddress)
{
    internal async Task<UpdateNodeResponse> UpdateAsync(UpdateNodeRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.UpdateNodeSpec) is { } first)
        {
            return new UpdateNodeResponse { Version = first.SubjectVersion };
        }

        var node = state.Nodes.Get(new NodeId(request.NodeId)) ?? throw Errors.NotFound("node", request.NodeId);
        var spec = request.Spec?.Clone()
            ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        var faults = NodeSpecValidator.Check(spec);
        if (faults.Count > 0)
        {
            throw Errors.Invalid(faults);
        }

        if (spec.Role == NodeSpec.Types.Role.Unspecified)
        {
            spec.Role = node.Spec.Role;
        }

        var action = new StoreAction.UpdateNodeSpec(node.Id, request.Version, spec);
        var demotes = node.DesiredRole == NodeRole.Manager && spec.Role == NodeSpec.Types.Role.Worker;
        var result = demotes
            ? await leader.Session.Roles.LetGoAsync(
                node.Id, $"demote node {node.Hostname}", () => leader.Proposer.CommandAsync(action, ct), ct)
                .ConfigureAwait(false)
            : await leader.Proposer.CommandAsync(action, ct).ConfigureAwait(false);
        return new UpdateNodeResponse
        {
            Version = result.Request?.SubjectVersion ?? result.State.Nodes.Get(node.Id)?.Version ?? 0,
        };
    }

    internal async Task<RemoveNodeResponse> RemoveAsync(RemoveNodeRequest request, NodeId self, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.RemoveNode) is { } first)
        {
            return new RemoveNodeResponse { Id = first.Subject };
        }

        var node = References.Node(state, request.Ref, self);
        if (node.Role == NodeRole.Manager || raft.Status.Members.Any(m => m.NodeId == node.Id.Value))
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"node {node.Id} is a cluster manager and is a member of the raft cluster. "
                + "It must be demoted to worker before removal");
        }

        if (node.State == NodeStatus.Types.State.Ready && !request.Force)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"node {node.Id} is not down and can't be removed; stop it or let it leave first, or use --force");
        }

        await leader.Proposer.CommandAsync(new StoreAction.RemoveNode(node.Id), ct).ConfigureAwait(false);
        return new RemoveNodeResponse { Id = node.Id.Value };
    }

    internal async Task<GetJoinTokensResponse> TokensAsync(CancellationToken ct) =>
        Tokens(await leader.FreshStateAsync(ct).ConfigureAwait(false));

    internal async Task<GetJoinTokensResponse> RotateAsync(RotateJoinTokenRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.SetCluster) is not null)
        {
            return Tokens(state);
        }

        var cluster = Cluster(state);
        ImmutableArray<byte> secret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)];
        var changed = request.Role switch
        {
            NodeRole.Worker => cluster with { WorkerTokenSecret = secret },
            NodeRole.Manager => cluster with { ManagerTokenSecret = secret },
            _ => throw new RpcException(
                RpcStatusCode.InvalidArgument, "the role of a join token is worker or manager"),
        };
        var result = await leader.Proposer.CommandAsync(new StoreAction.SetCluster(changed), ct).ConfigureAwait(false);
        return Tokens(result.State);
    }

    private GetJoinTokensResponse Tokens(ClusterState state)
    {
        var cluster = Cluster(state);
        return new GetJoinTokensResponse
        {
            Worker = JoinToken.Create(cluster.RootCertificatePem, cluster.WorkerTokenSecret.AsSpan()).Text,
            Manager = JoinToken.Create(cluster.RootCertificatePem, cluster.ManagerTokenSecret.AsSpan()).Text,
            ManagerAddress = advertiseAddress(),
        };
    }

    private static ClusterRecord Cluster(ClusterState state) =>
        state.Cluster ?? throw new RpcException(RpcStatusCode.Unavailable, "the swarm is still being initialised");
}
