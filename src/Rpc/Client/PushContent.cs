using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Client;

/// <summary>A request body that is written while the call runs. A body of a type of our own is sent side by side
/// with the response; the types of the runtime are sent ahead of it.</summary>
internal sealed class PushContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PushContent() => Headers.ContentType = new MediaTypeHeaderValue(GrpcNames.ContentType);

    /// <summary>The stream to write to; fails when the call does before it is sent.</summary>
    public Task<Stream> Ready => _ready.Task;

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception reason)
    {
        if (_ready.TrySetException(reason))
        {
            // Nobody may be writing.
            _ = _ready.Task.Exception;
        }
        _done.TrySetException(reason);
        _ = _done.Task.Exception;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (!_ready.TrySetResult(stream))
        {
            throw new IOException("the call cannot be sent a second time");
        }
        await _done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
