namespace Swarm.Runtime.Containers;

/// <summary>What all verbs share.</summary>
internal sealed class RuntimeHost : IDisposable
{
    internal const int ToolTimeoutMs = 30_000;
    private const int MinParallelTools = 4;
    private const int ToolsPerCore = 2;
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

    /// <summary>Runs blocking work that starts processes, a bounded number at a time.</summary>
    internal async Task RunAsync(Action work, CancellationToken ct)
    {
        await _gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await Task.Run(work, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        Watcher.Dispose();
        _gate.Dispose();
    }
}
