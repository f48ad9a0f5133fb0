namespace Swarm.Manager;

/// <summary>
/// Wakes one loop; calls before it waits count as one. Set comes from other threads, the log's among them, also after
/// the loop has ended: so there is nothing to dispose, and nothing that throws.
/// </summary>
/// <param name="isSet">The first wait ends at once.</param>
public sealed class Wakeup(bool isSet = true)
{
    private readonly SemaphoreSlim _set = new(isSet ? 1 : 0, 1);
    private readonly Lock _gate = new();

    /// <summary>Wakes the loop, now or when it waits next.</summary>
    public void Set()
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
    public Task<bool> WaitAsync(TimeSpan atMost, CancellationToken ct) => _set.WaitAsync(atMost, ct);

    /// <summary>Until it is set.</summary>
    public Task WaitAsync(CancellationToken ct) => _set.WaitAsync(ct);
}
