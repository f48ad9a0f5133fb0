namespace Swarm.Runtime.Containers;

/// <summary>What all verbs share.</summary>
internal sealed class RuntimeHost : IDisposable
{
    internal const int ToolTimeoutMs = 30_000;
    private const int MinParallelTools = 4;
    private const int ToolsPerCore = 2;
    private const int MaxExecs = 128;
    private const int StackBytes = 1 << 20;

    /// <summary>Sessions of people with containers of this node at a time.</summary>
    internal const int MaxSessions = 64;

    private int _sessions;
    private readonly SemaphoreSlim _execs = new(MaxExecs, MaxExecs);
    private readonly SemaphoreSlim _gate = new(Math.Max(MinParallelTools, ToolsPerCore * Environment.ProcessorCount));

    internal RuntimeHost(ContainerRuntimeOptions options, CgroupTree cgroups, string conmon)
    {
        Options = options;
        Cgroups = cgroups;
        Conmon = conmon;
        Paths = new ContainerPaths(options.DataDirectory);
        BootId = ProcessIdentity.ReadBootId();
        Watcher = new ContainerWatcher(options.Log);
    }

    internal ContainerRuntimeOptions Options { get; }

    internal ContainerPaths Paths { get; }

    internal CgroupTree Cgroups { get; }

    internal ContainerWatcher Watcher { get; }

    internal string Conmon { get; }

    internal string BootId { get; }

    internal SeccompProfile Seccomp { get; } = SeccompProfile.LoadDefault();

    /// <summary>Set by the probe before anything else uses it.</summary>
    internal OciRuntime Oci { get; set; } = new("", "", "", null);

    internal bool LimitSwap { get; set; } = true;

    internal BundleHost Bundle => new(LimitSwap, Oci.IsCrun, Options.InitBinary, Seccomp);

    internal DateTimeOffset Now => Options.Time.GetUtcNow();

    /// <summary>
    /// Runs blocking work that starts processes, a bounded number at a time, on threads of its own: the pool's few
    /// threads carry what other nodes wait for.
    /// </summary>
    internal async Task RunAsync(Action work, CancellationToken ct)
    {
        await _gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await AsideAsync(() =>
            {
                work();
                return true;
            }).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Runs work that may take as long as a container's command likes, on a thread of its own, so that it keeps neither
    /// pool threads nor those who start containers.
    /// </summary>
    internal async Task<T> RunLongAsync<T>(Func<T> work, CancellationToken ct)
    {
        await _execs.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await AsideAsync(work).ConfigureAwait(false);
        }
        finally
        {
            _execs.Release();
        }
    }

    private static Task<T> AsideAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Complete(done, work), StackBytes) { IsBackground = true }.Start();
        return done.Task;
    }
    /// <exception cref="ContainerException">There are as many as may be.</exception>
    internal void EnterSession()
    {
        if (Interlocked.Increment(ref _sessions) > MaxSessions)
        {
            LeaveSession();
            throw new ContainerException($"{MaxSessions} sessions with containers of this node are open; end one");
        }
    }

    internal void LeaveSession() => Interlocked.Decrement(ref _sessions);

    private static void Complete<T>(TaskCompletionSource<T> done, Func<T> work)
    {
        try
        {
            done.SetResult(work());
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    public void Dispose()
    {
        Watcher.Dispose();
        _gate.Dispose();
    }
}
