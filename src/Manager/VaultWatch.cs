using Swarm.Raft;
using Swarm.Security;

namespace Swarm.Manager;

/// <summary>
/// Wraps this manager's keys as the cluster object says, as soon as it says so; gives Raft the new data key; and drops
/// the old one when nothing on the disk needs it any more.
/// </summary>
internal sealed class VaultWatch : IAsyncDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly AtRest _atRest;
    private readonly ClusterStore _store;
    private readonly RaftNode _raft;
    private readonly ManagerLog _log;
    private readonly Wakeup _wake = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IDisposable _subscription;
    private readonly Task _run;
    private string _told = "";

    internal VaultWatch(
        AtRest atRest, ClusterStore store, RaftNode raft, ManagerLog log, Action<Exception> broke)
    {
        (_atRest, _store, _raft, _log) = (atRest, store, raft, log);
        _subscription = store.Subscribe(
            step =>
            {
                if (step.Changes.Cluster)
                {
                    _wake.Set();
                }
            },
            out _);
        _run = Vital.Run(RunAsync, broke, _stop.Token);
    }

    private KeyVault Vault => _atRest.Vault;

    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var isDone = false;
        while (true)
        {
            // What is not done is tried again; a change of the cluster object is seen at once.
            var woken = await _wake.WaitAsync(isDone ? Timeout.InfiniteTimeSpan : Retry, _stop.Token)
                .ConfigureAwait(false);
            isDone = await TryAsync(() => FollowAsync(shed: !woken)).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryAsync(Func<Task<bool>> step)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            if (_told != e.Message)
            {
                _log.KeysWait(e.Message);
                _told = e.Message;
            }

            return false;
        }
    }

    /// <summary>True when nothing is left to do.</summary>
    private async Task<bool> FollowAsync(bool shed)
    {
        Rewrap();
        if (_atRest.SealedWith() is { } old && old != Vault.KeyIds[^1])
        {
            _atRest.Reseal();
        }

        if (shed)
        {
            await ShedAsync().ConfigureAwait(false);
        }

        return Vault.KeyIds.Count == 1;
    }

    /// <summary>
    /// While the log is replayed after a start, the state passes through what was said long ago: the vault remembers
    /// which version of the cluster object it follows, and goes forward only.
    /// </summary>
    private void Rewrap()
    {
        if (_store.Current.Cluster is not { } cluster || cluster.Version <= Vault.ClusterVersion)
        {
            return;
        }

        var wanted = cluster.AutoLock ? UnlockKey.FromBytes(cluster.UnlockKey.AsSpan()) : null;
        if (Vault.IsWrappedWith(wanted))
        {
            return;
        }

        var wasLocked = Vault.IsLocked;
        Vault.Rewrap(wanted, cluster.Version);
        _log.Rewrapped(wanted is null ? "off" : wasLocked ? "on, with a new unlock key" : "on");
        _raft.RotateKey(_atRest.LogKeys[^1]);
        if (wanted is not null && !wasLocked)
        {
            _atRest.Locked();
        }
    }

    /// <summary>
    /// A snapshot of now makes the log before it dispensable, and with it the keys that it was written with. Only what
    /// Raft says about its own files counts: a key too many is nothing, one too few is the end of this manager's data.
    /// </summary>
    private async Task ShedAsync()
    {
        if (Vault.KeyIds is not { Count: > 1 } ids)
        {
            return;
        }

        if (!_raft.Status.KeysInUse.Contains(ids[^1]))
        {
            _raft.RotateKey(_atRest.LogKeys[^1]);
        }

        await _raft.SnapshotNowAsync(_stop.Token).ConfigureAwait(false);
        var needed = _raft.Status.KeysInUse.ToHashSet();
        if (!needed.Contains(ids[^1]))
        {
            return;
        }

        if (_atRest.SealedWith() is { } other)
        {
            needed.Add(other);
        }

        Vault.KeepOnly(needed);
        if (Vault.KeyIds.Count == 1)
        {
            _told = "";
            _log.KeysShed();
        }
    }
}
