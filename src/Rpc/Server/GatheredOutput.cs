using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Swarm.Rpc.Server;

/// <summary>
/// Sends what the calls of one connection answer at about the same time in one piece. HTTP/2 flushes each answer for
/// itself, and a send for each of a hundred answers costs both ends more than the answers. While one call runs nothing
/// can be gathered: its answer is sent by the thread that wrote it.
/// </summary>
internal sealed class GatheredOutput : PipeScheduler
{
    /// <summary>Written and not yet sent, in bytes; who writes more waits.</summary>
    private const int MaxUnsentBytes = 64 * 1024;

    private int _calls;

    /// <summary>Stands between HTTP and the connection.</summary>
    public static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var gathered = new GatheredOutput();
        IDuplexPipe direct = connection.Transport;
        var pipe = new Pipe(new PipeOptions(
            connection.Features.Get<IMemoryPoolFeature>()?.MemoryPool, readerScheduler: gathered,
            writerScheduler: Inline, pauseWriterThreshold: MaxUnsentBytes, resumeWriterThreshold: MaxUnsentBytes / 2,
            useSynchronizationContext: false));
        connection.Transport = new Ends(direct.Input, pipe.Writer);
        connection.Features.Set(gathered);
        Task sending = SendAsync(pipe.Reader, direct.Output);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
            connection.Transport = direct;
        }
    }

    public void Enter() => Interlocked.Increment(ref _calls);

    public void Leave() => Interlocked.Decrement(ref _calls);

    /// <summary>What is written until a pool thread gets to it goes with it.</summary>
    public override void Schedule(Action<object?> action, object? state)
    {
        if (Volatile.Read(ref _calls) > 1)
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
        else
            action(state);
    }

    private static async Task SendAsync(PipeReader written, PipeWriter output)
    {
        Exception? failure = null;
        try
        {
            for (var open = true; open;)
            {
                ReadResult read = await written.ReadAsync().ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                    output.Write(piece.Span);
                bool some = !read.Buffer.IsEmpty;
                written.AdvanceTo(read.Buffer.End);
                if (some)
                    open = !(await output.FlushAsync().ConfigureAwait(false)).IsCompleted;
                open &= !read.IsCompleted;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            failure = e;
        }
        await output.CompleteAsync(failure).ConfigureAwait(false);
        // Whoever writes learns with his next flush that nobody sends any more.
        await written.CompleteAsync().ConfigureAwait(false);
    }

    private sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
