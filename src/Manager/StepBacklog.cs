using System.Collections.Concurrent;

namespace Swarm.Manager;

/// <summary>
/// Steps of the state on their way to one reader. He is called for what concerns tasks, nodes or the cluster at once;
/// for everything else a little later and together with what comes meanwhile: a thread need not be woken for each of
/// thousands of changes a second. Nothing is left out and the order stays.
/// </summary>
internal sealed class StepBacklog(int most, TimeProvider clock, Action call)
{
    /// <summary>How long a step may wait for others.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentQueue<StateStep> _steps = new();
    private int _called;
    private int _delayed;

    /// <summary>False when more wait than may: the reader is lost.</summary>
    internal bool TryAdd(StateStep step)
    {
        _steps.Enqueue(step);
        if (_steps.Count > most)
        {
            return false;
        }

        if (step.Changes is not { Tasks.IsEmpty: true, Nodes.IsEmpty: true, Cluster: false })
        {
            CallOnce();
        }
        else if (Volatile.Read(ref _called) == 0 && Interlocked.Exchange(ref _delayed, 1) == 0)
        {
            _ = CallLaterAsync();
        }

        return true;
    }

    /// <summary>For the reader who was called: everything that waits.</summary>
    internal void TakeAll(Action<StateStep> take)
    {
        Interlocked.Exchange(ref _called, 0);
        while (_steps.TryDequeue(out var step))
        {
            take(step);
        }
    }

    private async Task CallLaterAsync()
    {
        await Task.Delay(Patience, clock).ConfigureAwait(false);
        Interlocked.Exchange(ref _delayed, 0);
        CallOnce();
    }

    private void CallOnce()
    {
        if (Interlocked.Exchange(ref _called, 1) == 0)
        {
            call();
        }
    }
}
