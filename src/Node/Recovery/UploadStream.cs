using System.IO.Pipelines;
using Google.Protobuf;

namespace Swarm.Node.Recovery;

/// <summary>Pieces that arrive as messages, read as one stream on another thread; bounded in between.</summary>
internal static class UploadStream
{
    private const long MaxWaitingBytes = 1 << 20;

    /// <summary>Reads what the pieces make up.</summary>
    /// <param name="pieces">In order.</param>
    /// <param name="read">Runs on a thread of its own; what it leaves unread is not taken from the sender.</param>
    /// <param name="ct">Ends both.</param>
    internal static async Task<T> ReadAsync<T>(
        IAsyncEnumerable<ByteString> pieces, Func<Stream, T> read, CancellationToken ct)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: MaxWaitingBytes));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var filling = FillAsync(pieces, pipe.Writer, end.Token);
        try
        {
            return await Task.Run(() => read(pipe.Reader.AsStream()), ct).ConfigureAwait(false);
        }
        finally
        {
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task FillAsync(IAsyncEnumerable<ByteString> pieces, PipeWriter writer, CancellationToken ct)
    {
        try
        {
            await foreach (var piece in pieces.WithCancellation(ct).ConfigureAwait(false))
            {
                if ((await writer.WriteAsync(piece.Memory, ct).ConfigureAwait(false)).IsCompleted)
                {
                    break;
                }
            }

            await writer.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The reader gets it as the reason why the stream ended early.
            await writer.CompleteAsync(e).ConfigureAwait(false);
        }
    }
}
