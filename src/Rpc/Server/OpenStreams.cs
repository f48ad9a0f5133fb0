using System.Collections.Concurrent;

namespace Swarm.Rpc.Server;

/// <summary>
/// Streams that are open, each with the question whether its caller may still have it. A stream that was let in once
/// must not outlive the role of its caller.
/// </summary>
internal sealed class OpenStreams
{
    private readonly ConcurrentDictionary<long, Entry> _open = new();
    private long _last;

    /// <summary>Dispose the result when the stream has ended.</summary>
    public IDisposable Enter(Func<bool> isWelcome, CancellationTokenSource end)
    {
        var key = Interlocked.Increment(ref _last);
        _open[key] = new Entry(isWelcome, end);
        return new Leaving(_open, key);
    }

    /// <summary>Ends those whose callers are not welcome any more.</summary>
    public void Recheck()
    {
        foreach (var (key, entry) in _open)
        {
            if (!entry.IsWelcome() && _open.TryRemove(key, out _))
                End(entry.End);
        }
    }

    private static void End(CancellationTokenSource end)
    {
        try
        {
            end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // It ended by itself meanwhile.
        }
    }

    private sealed record Entry(Func<bool> IsWelcome, CancellationTokenSource End);

    private sealed class Leaving(ConcurrentDictionary<long, Entry> open, long key) : IDisposable
    {
        public void Dispose() => open.TryRemove(key, out _);
    }
}
