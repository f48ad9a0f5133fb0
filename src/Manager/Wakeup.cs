namespace Swarm.Manager;

/// <summary>
/// Wakes one loop; calls before it waits count as one. Set comes from other threads, the log's among them, also after
/// the loop has ended: so there is nothing to dispose, and nothing that throws.
/// </summary>
internal sealed class Wakeup(bool isSet = true)
{
    private readonly SemaphoreSlim _set = new(isSet ? 1 : 0, 1);
    private readonly Lock _gate = new();

    internal void Set()
    {
        lock (_gate)
        {
            if (_set.CurrentCount == 0)
            {
                _set.Release();
            }
        }
    }

    /// <summary>True when it was set, false when the time is over.</summary>
    internal Task<bool> WaitAsync(TimeSpan atMost, CancellationToken ct) => _set.WaitAsync(atMost, ct);

    internal Task WaitAsync(CancellationToken ct) => _set.WaitAsync(ct);
}
