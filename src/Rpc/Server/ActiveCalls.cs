namespace Swarm.Rpc.Server;

/// <summary>
/// Counts running calls, and ends them when the server stops: streams at once, unary calls after a grace.
/// </summary>
internal sealed class ActiveCalls : IDisposable
{
    private const int PollMs = 10;
    private readonly CancellationTokenSource _streams = new();
    private readonly CancellationTokenSource _unary = new();
    private int _running;
    private volatile bool _stopping;

    public CancellationToken StoppingFor(RpcKind kind) => kind == RpcKind.Unary ? _unary.Token : _streams.Token;

    public bool IsStopping => _stopping;

    /// <returns>False when no call is taken any more.</returns>
    public bool TryEnter()
    {
        Interlocked.Increment(ref _running);
        if (!_stopping)
        {
            return true;
        }
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _running);

    public async Task StopAsync(TimeSpan grace, TimeSpan afterCancel)
    {
        _stopping = true;
        await _streams.CancelAsync().ConfigureAwait(false);
        await IdleAsync(grace).ConfigureAwait(false);
        await _unary.CancelAsync().ConfigureAwait(false);
        await IdleAsync(afterCancel).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _streams.Dispose();
        _unary.Dispose();
    }

    private async Task IdleAsync(TimeSpan atMost)
    {
        long until = Environment.TickCount64 + (long)atMost.TotalMilliseconds;
        while (Volatile.Read(ref _running) > 0 && Environment.TickCount64 < until)
        {
            await Task.Delay(PollMs).ConfigureAwait(false);
        }
    }
}
