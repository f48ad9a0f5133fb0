using System.Buffers;
using Google.Protobuf;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Client;

/// <summary>The requests of a streaming call.</summary>
internal sealed class RequestStream(ClientCall call, PushContent content, int maxBytes)
{
    private int _writing;

    public async ValueTask WriteAsync(IMessage message, CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException("a write has begun before the last one has ended");
        }
        try
        {
            await SendAsync(message, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException
            or ObjectDisposedException)
        {
            if (ct.IsCancellationRequested)
                throw;
            throw await call.WriteFailureAsync(e).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public void Complete() => content.Complete();

    private async Task SendAsync(IMessage message, CancellationToken ct)
    {
        int size = FrameWriter.Measure(message, maxBytes);
        Stream stream = await content.Ready.WaitAsync(ct).ConfigureAwait(false);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FrameWriter.PrefixBytes + size);
        try
        {
            int length = FrameWriter.Write(buffer, message, size);
            await stream.WriteAsync(buffer.AsMemory(0, length), ct).ConfigureAwait(false);
            await stream.FlushAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
