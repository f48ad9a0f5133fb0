using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Manager;
using Swarm.Manager.Backup;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Node.Recovery;

/// <summary>Makes backups on a manager, and checks them anywhere.</summary>
internal sealed class BackupService(Membership membership)
{
    private const int PieceBytes = 64 << 10;
    private const long MaxWaitingBytes = 1 << 20;

    internal void Register(RpcService service)
    {
        service.ServerStream<CreateBackupRequest, CreateBackupResponse>("CreateBackup", CreateAsync);
        service.ClientStream<CheckBackupRequest, CheckBackupResponse>("CheckBackup", CheckAsync);
    }

    /// <summary>What a file is opened with; the header says which kind of secret it needs.</summary>
    internal static Func<BackupEncryption.Types.Secret, BackupSecret?> Secret(string given) => kind =>
        given.Length == 0 ? null
        : kind == BackupEncryption.Types.Secret.UnlockKey ? BackupSecret.UnlockKey(UnlockKeyBytes(given))
        : BackupSecret.Passphrase(given);

    private static byte[] UnlockKeyBytes(string given) => UnlockKey.TryParse(given, out var key, out var error)
        ? key.ToBytes()
        : throw new BackupException(
            BackupFault.WrongSecret,
                $"the backup needs the unlock key that the swarm had then, and this is none: {error}");

    internal static RpcException Refused(BackupException e) => new(
        e.Fault == BackupFault.WrongSecret ? RpcStatusCode.InvalidArgument : RpcStatusCode.FailedPrecondition,
        e.Message);

    private async Task CreateAsync(
        CreateBackupRequest request, IResponseStream<CreateBackupResponse> responses, CallContext call)
    {
        var manager = membership.RequireManager();
        var state = request.Stale
            ? manager.State
            : await manager.FreshStateAsync(call.Cancellation).ConfigureAwait(false);
        if (state.Cluster is null)
        {
            throw new RpcException(RpcStatusCode.Unavailable, "the swarm is still being initialised; try again");
        }

        var origin = new BackupOrigin(
            DateTimeOffset.UtcNow, manager.RaftStatus.Term, manager.NodeId, DaemonProgram.Version, request.Stale)
        {
            Managers = manager.ManagerAddresses(),
        };
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: MaxWaitingBytes, minimumSegmentSize: PieceBytes));
        var writing = Task.Run(() =>
            Write(state, origin, SecretFor(request, state), pipe.Writer), CancellationToken.None);
        try
        {
            await SendAsync(pipe.Reader, responses, call.Cancellation).ConfigureAwait(false);
        }
        finally
        {
            // Who does not read any more lets the writer run to its end at once.
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }

        await responses.WriteAsync(
            new CreateBackupResponse { Done = await writing.ConfigureAwait(false) }, call.Cancellation)
            .ConfigureAwait(false);
    }

    private static BackupSecret? SecretFor(CreateBackupRequest request, ClusterState state)
    {
        try
        {
            return request.Passphrase.Length > 0 ? BackupSecret.NewPassphrase(request.Passphrase)
                : state.Cluster is { AutoLock: true, UnlockKey.IsEmpty: false } cluster
                    ? BackupSecret.UnlockKey(cluster.UnlockKey.AsSpan())
                    : null;
        }
        catch (BackupException e)
        {
            throw Refused(e);
        }
    }

    private static BackupHeader Write(
        ClusterState state, BackupOrigin origin, BackupSecret? secret, PipeWriter writer)
    {
        try
        {
            var header = BackupFile.Write(state, origin, secret, writer.AsStream(leaveOpen: true));
            writer.Complete();
            return header;
        }
        catch (Exception e)
        {
            writer.Complete(e);
            throw;
        }
    }

    private static async Task SendAsync(
        PipeReader reader, IResponseStream<CreateBackupResponse> responses, CancellationToken ct)
    {
        while (true)
        {
            var read = await reader.ReadAsync(ct).ConfigureAwait(false);
            foreach (var segment in read.Buffer)
            {
                await responses.WriteAsync(
                    new CreateBackupResponse { Data = ByteString.CopyFrom(segment.Span) }, ct).ConfigureAwait(false);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static async Task<CheckBackupResponse> CheckAsync(
        IAsyncEnumerable<CheckBackupRequest> requests, CallContext call)
    {
        await using var messages = requests.GetAsyncEnumerator(call.Cancellation);
        var options = await messages.MoveNextAsync().ConfigureAwait(false) ? messages.Current.Options : null;
        if (options is null)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, "the options come before the file");
        }

        try
        {
            return await UploadStream.ReadAsync(
                Pieces(messages, call.Cancellation), stream =>
                    Check(stream, options), call.Cancellation).ConfigureAwait(false);
        }
        catch (BackupException e)
        {
            throw Refused(e);
        }
    }

    private static CheckBackupResponse Check(Stream stream, CheckBackupOptions options)
    {
        if (options.HeaderOnly)
        {
            return new CheckBackupResponse { Header = BackupFile.ReadHeader(stream),
                Format = BackupFile.FormatVersion };
        }

        var contents = BackupFile.Read(stream, Secret(options.Secret));
        return new CheckBackupResponse
        {
            Header = contents.Header, Format = BackupFile.FormatVersion, FileBytes = (ulong)contents.FileBytes,
        };
    }

    private static async IAsyncEnumerable<ByteString> Pieces(
        IAsyncEnumerator<CheckBackupRequest> messages, [EnumeratorCancellation] CancellationToken ct)
    {
        while (!ct.IsCancellationRequested && await messages.MoveNextAsync().ConfigureAwait(false))
        {
            yield return messages.Current.Data;
        }
    }
}
