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
        var next = NewEpochs.Begin(
            contents.State, identity.NodeId, new NodeSpec { Availability = options.Availability }, observe: true);
        try
        {
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

    /// <summary>As an init does: a crash in between leaves a part of a member, which `swarm leave` clears.</summary>
    private async Task StartAsync(
        BackupContents contents, NewEpochState next, MemberState member, NodeIdentity identity, CancellationToken ct)
    {
        parts.Vault.Begin(next.State.Cluster!);
        parts.Paths.Identity.Save(identity);
        parts.Epoch.Raise(next.State.Cluster!.Epoch);
        member.Save(parts.Paths.Member);
        OfflineLog.Begin(
            SwarmMember.OptionsOf(parts, member, identity), next.State, Math.Max(1, contents.Header.LogTerm) + 1);
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

    private static async IAsyncEnumerable<ByteString> Pieces(
        IAsyncEnumerator<RestoreBackupRequest> messages, [EnumeratorCancellation] CancellationToken ct)
    {
        while (!ct.IsCancellationRequested && await messages.MoveNextAsync().ConfigureAwait(false))
        {
            yield return messages.Current.Data;
        }
    }
}
