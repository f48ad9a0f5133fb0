using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Swarm.RoutingMesh;

/// <summary>
/// A thread of its own that lives in one network namespace and runs work in order. Pool threads never
/// change their namespace: whatever ran on them later would be in the wrong one.
/// </summary>
internal sealed class NetworkThread : IDisposable
{
    private const int MaxWaitingWork = 1024;
    private readonly BlockingCollection<Action> _work = new(MaxWaitingWork);
    private readonly Thread _thread;

    /// <param name="name">Name of the thread.</param>
    /// <param name="namespacePath">File of the namespace to live in; null is the process's own.</param>
    public NetworkThread(string name, string? namespacePath)
    {
        var entered = new TaskCompletionSource();
        _thread = Start(name, () =>
        {
            if (!TryEnter(namespacePath, entered))
                return;
            foreach (var work in _work.GetConsumingEnumerable())
                work();
        });
        entered.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs work on the thread; failures come out of the task.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(() => Complete(done, work));
        }
        catch (InvalidOperationException)
        {
            done.SetException(new ObjectDisposedException(nameof(NetworkThread)));
        }

        return done.Task;
    }

    public Task RunAsync(Action work) => RunAsync(Answering(work));

    /// <summary>Work without a result, as work with one.</summary>
    public static Func<bool> Answering(Action work) => () =>
    {
        work();
        return true;
    };

    /// <summary>Runs one piece of work on a thread that ends afterwards, whatever namespace it changed to.</summary>
    public static Task<T> OnceAsync<T>(string name, string? namespacePath, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(name, () => Complete(done, () =>
        {
            Enter(namespacePath);
            return work();
        }));
        return done.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _work.Dispose();
    }

    private static Thread Start(string name, ThreadStart work)
    {
        var thread = new Thread(work) { Name = name, IsBackground = true };
        thread.Start();
        return thread;
    }

    private static void Complete<T>(TaskCompletionSource<T> done, Func<T> work)
    {
        try
        {
            done.SetResult(work());
        }
        catch (Exception failure)
        {
            done.SetException(failure);
        }
    }

    private static bool TryEnter(string? path, TaskCompletionSource entered)
    {
        try
        {
            Enter(path);
            entered.SetResult();
            return true;
        }
        catch (MeshException failure)
        {
            entered.SetException(failure);
            return false;
        }
    }

    private static void Enter(string? path)
    {
        if (path is null)
            return;
        var descriptor = Native.Open(path, Native.ReadCloseOnExec);
        if (descriptor < 0)
            throw Native.Failure($"open network namespace {path}", Marshal.GetLastPInvokeError());
        var result = Native.SetNamespace(descriptor, Native.NewNetworkNamespace);
        var errno = Marshal.GetLastPInvokeError();
        _ = Native.Close(descriptor);
        if (result != 0)
            throw Native.Failure($"enter network namespace {path}", errno);
    }
}
