using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Node;

/// <summary>A locked manager goes on with the key that it waits for.</summary>
internal sealed class UnlockService(NodeParts parts, Membership membership)
{
    internal void Register(RpcService service) => service.Unary<UnlockSwarmRequest, UnlockSwarmResponse>(
        "UnlockSwarm", (request, call) => membership.AloneAsync(
            () => UnlockAsync(request.UnlockKey, call.Cancellation), call.Cancellation));

    private async Task<UnlockSwarmResponse> UnlockAsync(string key, CancellationToken ct)
    {
        if (membership.Locked is not { } locked)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                membership.Member is null && membership.Error.Length == 0
                    ? "This node is not part of a swarm"
                    : "swarm is not locked");
        }

        locked.Open(key);
        try
        {
            await membership.ResumeAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            // As before the key was given: it can be given again when what is in the way is gone.
            parts.Vault.Close();
            await membership.ResumeAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return membership.Error.Length == 0
            ? new UnlockSwarmResponse()
            : throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"the swarm is unlocked, but this node cannot go on: {membership.Error}");
    }
}
