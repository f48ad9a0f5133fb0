using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Node.Recovery;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Images;

namespace Swarm.Node.Images;

/// <summary>Images from and to files that swarmctl reads and writes.</summary>
internal sealed class ImageFileService(ImageStore images)
{
    private const int PieceBytes = 64 << 10;
    private const long MaxWaitingBytes = 1 << 20;

    internal void Register(RpcService service)
    {
        service.ClientStream<LoadImagesRequest, LoadImagesResponse>("LoadImages", LoadAsync);
        service.ClientStream<ImportImageRequest, ImportImageResponse>("ImportImage", ImportAsync);
        service.ServerStream<SaveImagesRequest, SaveImagesResponse>("SaveImages", SaveAsync);
    }

    private async Task<LoadImagesResponse> LoadAsync(IAsyncEnumerable<LoadImagesRequest> requests, CallContext call)
    {
        var ct = call.Cancellation;
        var loaded = await ImageService.GuardAsync(() => UploadStream.ReadAsync(
            Pieces(requests, ct),
            stream => images.Files.LoadAsync(stream, ct).GetAwaiter().GetResult(),
            ct)).ConfigureAwait(false);
        var response = new LoadImagesResponse();
        response.Loaded.Add(loaded);
        return response;
    }

    private async Task<ImportImageResponse> ImportAsync(IAsyncEnumerable<ImportImageRequest> requests, CallContext call)
    {
        var ct = call.Cancellation;
        await using var messages = requests.GetAsyncEnumerator(ct);
        var options = await messages.MoveNextAsync().ConfigureAwait(false) ? messages.Current.Options : null;
        if (options is null)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, "the options come before the file");
        }

        var id = await ImageService.GuardAsync(() => UploadStream.ReadAsync(
            Pieces(messages, ct),
            stream => images.Files.ImportAsync(
                stream, options.Tag, new ImportOptions(options.Message, [.. options.Changes]), ct)
                .GetAwaiter().GetResult(),
            ct)).ConfigureAwait(false);
        return new ImportImageResponse { Id = id.ToString() };
    }

    /// <summary>What is written is sent as it comes; the writer waits for a slow reader.</summary>
    private async Task SaveAsync(
        SaveImagesRequest request, IResponseStream<SaveImagesResponse> responses, CallContext call)
    {
        var ct = call.Cancellation;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: MaxWaitingBytes, minimumSegmentSize: PieceBytes));
        var writing = Task.Run(() => WriteAsync([.. request.Images], pipe.Writer, ct), CancellationToken.None);
        try
        {
            await SendAsync(pipe.Reader, responses, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ImageException or IOException)
        {
            // The writer's own failure, told by the pipe: it is thrown below.
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }

        await ImageService.GuardAsync(async () =>
        {
            await writing.ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        await responses.WriteAsync(new SaveImagesResponse { Done = true }, ct).ConfigureAwait(false);
    }

    private async Task WriteAsync(IReadOnlyList<string> names, PipeWriter writer, CancellationToken ct)
    {
        try
        {
            await images.Files.SaveAsync(names, writer.AsStream(leaveOpen: true), ct).ConfigureAwait(false);
            await writer.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await writer.CompleteAsync(e).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task SendAsync(
        PipeReader reader, IResponseStream<SaveImagesResponse> responses, CancellationToken ct)
    {
        while (true)
        {
            var read = await reader.ReadAsync(ct).ConfigureAwait(false);
            foreach (var segment in read.Buffer)
            {
                for (var at = 0; at < segment.Length; at += PieceBytes)
                {
                    var piece = segment.Span.Slice(at, Math.Min(PieceBytes, segment.Length - at));
                    await responses.WriteAsync(new SaveImagesResponse { Data = ByteString.CopyFrom(piece) }, ct)
                        .ConfigureAwait(false);
                }
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static async IAsyncEnumerable<ByteString> Pieces(
        IAsyncEnumerable<LoadImagesRequest> requests, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var request in requests.WithCancellation(ct).ConfigureAwait(false))
        {
            yield return request.Data;
        }
    }

    private static async IAsyncEnumerable<ByteString> Pieces(
        IAsyncEnumerator<ImportImageRequest> messages, [EnumeratorCancellation] CancellationToken ct)
    {
        while (!ct.IsCancellationRequested && await messages.MoveNextAsync().ConfigureAwait(false))
        {
            yield return messages.Current.Data;
        }
    }
}
