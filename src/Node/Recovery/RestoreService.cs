using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Manager;
using Swarm.Manager.Backup;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Node.Recovery;

/// <summary>
/// A swarm from a backup: this node becomes its only manager, with an identity of its own under the restored
/// authority, in a new epoch that observes first. Nothing is written before the whole file was read and checked.
/// </summary>
internal sealed class RestoreService(NodeParts parts, Membership membership)
{
    private static readonly TimeSpan LivingTimeout = TimeSpan.FromSeconds(1);

    internal void Register(RpcService service) =>
        service.ClientStream<RestoreBackupRequest, RestoreBackupResponse>("RestoreBackup", RestoreAsync);

    private async Task<RestoreBackupResponse> RestoreAsync(
        IAsyncEnumerable<RestoreBackupRequest> requests, CallContext call)
    {
        await using var messages = requests.GetAsyncEnumerator(call.Cancellation);
        var options = await messages.MoveNextAsync().ConfigureAwait(false) ? messages.Current.Options : null;
        if (options is null)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, "the options come before the file");
        }

        return await membership.AloneAsync(
            async () =>
            {
                membership.RefuseMember();
                var contents = await ReadAsync(messages, options, call.Cancellation).ConfigureAwait(false);
                return await BeginAsync(contents, options, call.Cancellation).ConfigureAwait(false);
            },
            call.Cancellation).ConfigureAwait(false);
    }

    private static async Task<BackupContents> ReadAsync(
        IAsyncEnumerator<RestoreBackupRequest> messages, RestoreBackupOptions options, CancellationToken ct)
    {
        try
        {
            return await UploadStream.ReadAsync(
                Pieces(messages, ct), stream => BackupFile.Read(stream, BackupService.Secret(options.Secret)), ct)
                .ConfigureAwait(false);
        }
        catch (BackupException e)
        {
            throw BackupService.Refused(e);
        }
    }

    private async Task<RestoreBackupResponse> BeginAsync(
        BackupContents contents, RestoreBackupOptions options, CancellationToken ct)
    {
        var cluster = contents.State.Cluster!;
        var advertise = NodeAddresses.Advertise(options.AdvertiseAddress);
        var member = NewSwarm.State(advertise, options.ListenAddress, isManager: true);
        var identity = NewSwarm.Identity(cluster);
        var others = Managers(contents).Where(a => a != member.AdvertiseAddress).ToList();
        if (!options.Force)
        {
            await RefuseLivingAsync(others, cluster, ct).ConfigureAwait(false);
        }

        var next = NewEpochs.Begin(
            contents.State, identity.NodeId, new NodeSpec { Availability = options.Availability }, observe: true);
        try
        {
            new LeftBehindFile(parts.Paths.LeftBehind).Add(others);
            await StartAsync(contents, next, member, identity, ct).ConfigureAwait(false);
        }
        catch
        {
            await membership.UndoAsync().ConfigureAwait(false);
            throw;
        }

        var response = new RestoreBackupResponse
        {
            Header = contents.Header,
            StateHash = BackupFile.HashOf(contents.State),
            NodeId = identity.NodeId.Value,
            Epoch = next.State.Cluster!.Epoch,
            ManagerAddress = advertise.ToString(),
        };
        response.RemovedManagers.Add(NewEpochs.Describe(next.Removed));
        return response;
    }

    /// <summary>Of the swarm as the backup has it; older backups do not tell the ports.</summary>
    private static IEnumerable<string> Managers(BackupContents contents) =>
        (contents.Header.ManagerAddresses.Count > 0
            ? contents.Header.ManagerAddresses
            : contents.State.Nodes.Values.Where(n => n.Role == NodeRole.Manager).Select(n => n.Address))
        .Select(a => HostPort.TryParse(a, out var address) ? address.ToString() : "").Where(a => a.Length > 0);

    /// <summary>
    /// Two swarms that share their workers are worse than either. Also for a trial of a backup: what is restored where
    /// the swarm can be reached takes its place.
    /// </summary>
    private static async Task RefuseLivingAsync(
        IReadOnlyList<string> managers, ClusterRecord cluster, CancellationToken ct)
    {
        var living = await EpochProbe.AnswersAsync(managers, cluster.RootCertificatePem, LivingTimeout, ct)
            .ConfigureAwait(false);
        if (living.FirstOrDefault(a => a.ClusterId == cluster.Id.Value) is { Manager: not null } first)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"managers of this swarm still run ({first.Manager}, epoch {first.Epoch}), and a restore begins it "
                + "anew without them. While they have a quorum nothing has to be restored. Stop swarmd there first, or "
                + "restore with --force: then they are told, take part no more, and their containers go on");
        }
    }

    /// <summary>As an init does: a crash in between leaves a part of a member, which `swarm leave` clears.</summary>
    private async Task StartAsync(
        BackupContents contents, NewEpochState next, MemberState member, NodeIdentity identity, CancellationToken ct)
    {
        parts.Vault.Begin(next.State.Cluster!);
        parts.Paths.Identity.Save(identity);
        parts.Epoch.Raise(next.State.Cluster!.Epoch);
        member.Save(parts.Paths.Member);
        var log = SwarmMember.OptionsOf(parts, member, identity);
        OfflineLog.Begin(log, next.State, Math.Max(1, contents.Header.LogTerm) + 1);
        RequireEqual(OfflineLog.Read(log).State, next.State);
        var started = await SwarmMember.StartAsync(parts, member, identity, ct).ConfigureAwait(false);
        try
        {
            await started.RequireLeadingAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            await started.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        membership.Adopt(started, [member.AdvertiseAddress]);
    }

    /// <summary>The manager will start from what is on disk, not from what was meant.</summary>
    private static void RequireEqual(ClusterState written, ClusterState meant)
    {
        if (written.Hash128 != meant.Hash128)
        {
            throw new RpcException(
                RpcStatusCode.Internal,
                "the log that was written does not hold the state of the backup: nothing was restored; look at the "
                + "disk, and verify the file with 'swarmctl backup verify'");
        }
    }

    private static async IAsyncEnumerable<ByteString> Pieces(
        IAsyncEnumerator<RestoreBackupRequest> messages, [EnumeratorCancellation] CancellationToken ct)
    {
        while (!ct.IsCancellationRequested && await messages.MoveNextAsync().ConfigureAwait(false))
        {
            yield return messages.Current.Data;
        }
    }
}
