using Swarm.Manager;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node.Recovery;

/// <summary>
/// Quorum lost for ever: this manager goes on alone with what its log has, in a new epoch. The manager is stopped, its
/// log read to the end and begun anew aside, and the two exchanged in one step; containers are not touched.
/// </summary>
internal sealed class ForceService(NodeParts parts, Membership membership)
{
    internal void Register(RpcService service) =>
        service.Unary<ForceNewClusterRequest, ForceNewClusterResponse>(
            "ForceNewCluster", (request, call) => membership.AloneAsync(
                () => ForceAsync(request, call.Cancellation), call.Cancellation));

    private async Task<ForceNewClusterResponse> ForceAsync(ForceNewClusterRequest request, CancellationToken ct)
    {
        var manager = membership.RequireManager();
        await RefuseQuorumAsync(manager, ct).ConfigureAwait(false);
        var member = membership.Member!;
        var others = manager.ManagerAddresses().Where(a => a != member.State.AdvertiseAddress).ToList();
        var state = Addressed(member.State, request);
        var identity = member.Identity;
        // From here on the caller cannot call it off: a manager must come out of this, the old one or the new.
        await membership.SuspendAsync().ConfigureAwait(false);
        ForceNewClusterResponse response;
        try
        {
            response = Exchange(request, member.State, state, identity, others);
        }
        finally
        {
            await membership.GoOnAsync().ConfigureAwait(false);
        }

        if (membership.Member is { } now)
        {
            await now.RequireLeadingAsync(CancellationToken.None).ConfigureAwait(false);
        }

        parts.Log.Note(
            $"the swarm begins anew with this manager alone, epoch {response.Epoch}; "
            + $"{response.KeptEntries} entries were kept that it had not known to be committed");
        return response;
    }

    private ForceNewClusterResponse Exchange(
        ForceNewClusterRequest request, MemberState before, MemberState after, NodeIdentity identity,
        IReadOnlyList<string> leftBehind)
    {
        var log = OfflineLog.Read(SwarmMember.OptionsOf(parts, before, identity));
        if (log.State.Cluster is null)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                "this manager's log does not hold the state of the swarm yet: begin anew on another manager, or "
                + "restore a backup");
        }

        var next = NewEpochs.Begin(log.State, identity.NodeId, new NodeSpec(), request.Observe);
        var epoch = next.State.Cluster!.Epoch;
        var change = new LogSwitch(parts.Paths);
        change.Clear();
        OfflineLog.Begin(
            SwarmMember.OptionsOf(parts, after, identity) with { RaftDirectory = change.NextLog, Epoch = epoch },
            next.State, log.Term + 1);
        change.Commit(new LogSwitchPlan(epoch, after) { LeftBehind = leftBehind });
        var response = new ForceNewClusterResponse
        {
            NodeId = identity.NodeId.Value,
            Epoch = epoch,
            ManagerAddress = after.AdvertiseAddress,
            KeptEntries = log.KeptEntries,
        };
        response.RemovedManagers.Add(NewEpochs.Describe(next.Removed));
        return response;
    }

    private static MemberState Addressed(MemberState state, ForceNewClusterRequest request)
    {
        if (request.AdvertiseAddress.Length == 0 && request.ListenAddress.Length == 0)
        {
            return state;
        }

        var advertise = request.AdvertiseAddress.Length == 0
            ? HostPort.Parse(state.AdvertiseAddress)
            : NodeAddresses.Advertise(request.AdvertiseAddress);
        return state with
        {
            AdvertiseAddress = advertise.ToString(),
            ListenAddress = NodeAddresses.Listen(request.ListenAddress, advertise).ToString(),
        };
    }

    /// <summary>With a quorum nothing is lost, and beginning anew would lose the other managers.</summary>
    private static async Task RefuseQuorumAsync(ManagerNode manager, CancellationToken ct)
    {
        var voters = manager.RaftStatus.Members.Count(m => !m.Learner);
        if (voters <= 1)
        {
            return;
        }

        var doubt = new QuorumDoubt(TimeProvider.System);
        if (!await doubt.IsQuorumThereAsync(() => IsConfirmedAsync(manager, ct), ct).ConfigureAwait(false)
            && manager.RaftStatus.LeaderMember is null)
        {
            return;
        }

        throw new RpcException(
            RpcStatusCode.FailedPrecondition,
            $"the swarm has a quorum of its {voters} managers: nothing has to be forced. Take managers that are gone "
            + "out with 'swarmctl node demote' and 'swarmctl node rm'");
    }

    private static async Task<bool> IsConfirmedAsync(ManagerNode manager, CancellationToken ct)
    {
        try
        {
            await manager.FreshStateAsync(ct).ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable)
        {
            return false;
        }
    }
}
