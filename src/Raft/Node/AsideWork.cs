using System.Collections.Concurrent;

namespace Swarm.Raft;

/// <summary>
/// Work beside the raft thread: it runs wherever the options say, and what follows from it is done on the raft thread
/// at the next <see cref="Finish"/>. An error that the work does not handle is thrown there.
/// </summary>
internal sealed class AsideWork(Action<Action> run)
{
    private readonly ConcurrentQueue<Action> _ended = new();

    /// <summary>Called on any thread when some work has ended.</summary>
    public Action? Ended { get; set; }

    public void Start(Func<Action> work) => run(() =>
    {
        _ended.Enqueue(Outcome(work));
        Ended?.Invoke();
    });

    /// <summary>Something waits for <see cref="Finish"/>.</summary>
    public bool HasEnded => !_ended.IsEmpty;

    /// <summary>True when something had ended.</summary>
    public bool Finish()
    {
        var any = false;
        for (; _ended.TryDequeue(out var then); any = true)
            then();
        return any;
    }

    private static Action Outcome(Func<Action> work)
    {
        try
        {
            return work();
        }
        catch (Exception e)
        {
            return System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e).Throw;
        }
    }
}
