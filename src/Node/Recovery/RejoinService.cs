using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Node.Recovery;

/// <summary>
/// A swarm was restored at another address: a node is told where, and keeps its identity and its containers. The
/// address is believed only if a manager under this swarm's root answers there.
/// </summary>
internal sealed class RejoinService(Membership membership)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    internal void Register(RpcService service) =>
        service.Unary<RejoinSwarmRequest, RejoinSwarmResponse>("RejoinSwarm", RejoinAsync);

    private async Task<RejoinSwarmResponse> RejoinAsync(RejoinSwarmRequest request, CallContext call)
    {
        var member = membership.Member ?? throw new RpcException(
            RpcStatusCode.FailedPrecondition,
            membership.Locked is null ? "This node is not part of a swarm" : LockedMember.Text);
        if (!HostPort.TryParse(request.Manager, out var address))
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, $"'{request.Manager}' is not a manager's IP:PORT");
        }

        if (member.Manager is not null || member.IsSuperseded)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                "this node is a manager: a swarm that began anew without it does not take it back as it is. "
                + "Run 'swarmctl swarm leave --force' here, then join with a token");
        }

        var answer = await EpochProbe.AskAsync(
            address.ToString(), member.Identity.RootPem, AnswerTimeout, call.Cancellation).ConfigureAwait(false);
        if (answer.ClusterId != member.Identity.ClusterId.Value)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"{address} is a manager of swarm {answer.ClusterId}, this node is a member of "
                + $"{member.Identity.ClusterId}");
        }

        member.FollowManager(address.ToString(), answer.Epoch);
        return new RejoinSwarmResponse { Epoch = answer.Epoch };
    }
}
