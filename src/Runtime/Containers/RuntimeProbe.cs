namespace Swarm.Runtime.Containers;

/// <summary>
/// Finds out which OCI runtime works here by really running a container with each candidate, in order of preference,
/// through the same code that runs every later one.
/// </summary>
internal static class RuntimeProbe
{
    private const string ProbeId = "swarm-probe";
    private const long ProbeMemoryBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(15);
    private static readonly string[] SystemDirectories = ["/usr", "/bin", "/lib", "/lib64"];

    /// <exception cref="ContainerException">None works; the message says why for each.</exception>
    internal static async Task<RuntimeInfo> RunAsync(RuntimeHost host, CancellationToken ct)
    {
        var reasons = new List<string>();
        foreach (var (runtime, limitSwap, note) in Candidates(host, reasons))
        {
            host.Oci = runtime;
            host.LimitSwap = limitSwap;
            try
            {
                await TryAsync(host, ct).ConfigureAwait(false);
                var notes = string.Join("; ", reasons.Append($"{runtime.Path} {note}"));
                var monitor = $"{host.Conmon} {FirstLine(host.Conmon, "conmon version ")}";
                return new RuntimeInfo(runtime.Name, runtime.Version, host.Cgroups.Mode, monitor, notes);
            }
            catch (ContainerException e)
            {
                reasons.Add($"{runtime.Path} {note}: no ({e.Message})");
            }
        }
        throw new ContainerException(host.Options.UserRange is null
            ? $"no OCI runtime works on this host: {string.Join("; ", reasons)}; install crun or runc"
            : "no OCI runtime runs containers with user namespaces on this host (--userns-remap): "
                + $"{string.Join("; ", reasons)}; where swarmd itself runs in a container the kernel does not permit "
                + "them as long as files of its /proc are mounted over");
    }

    private static IEnumerable<(OciRuntime Runtime, bool LimitSwap, string Note)> Candidates(
        RuntimeHost host, List<string> reasons)
    {
        foreach (var name in host.Options.Runtimes)
        {
            if (ToolProcess.Find(name) is not { } path)
            {
                reasons.Add($"{name} is not installed");
                continue;
            }
            var isCrun = Path.GetFileName(path) == "crun";
            var version = FirstLine(path, isCrun ? "crun version " : "runc version ");
            string? wrapper = null;
            if (isCrun && host.Cgroups.UnifiedHasControllers)
            {
                wrapper = host.Paths.Wrapper;
                OciRuntime.WriteWrapper(wrapper, path, host.Cgroups.UnifiedControllers);
            }
            var runtime = new OciRuntime(path, version, host.Paths.RuntimeRoot, wrapper);
            var how = wrapper is null ? "works" : "works with the hybrid controller list hidden from it";
            yield return (runtime, true, how);
            yield return (runtime, false, how + ", without a swap limit");
        }
    }

    private static async Task TryAsync(RuntimeHost host, CancellationToken ct)
    {
        var rootfs = MakeRootfs(host.Paths.Scratch, host.Options.UserRange, out var mounts);
        var entry = new ContainerEntry(ProbeId, host.Paths.For(ProbeId));
        try
        {
            var spec = new ContainerSpec
            {
                Id = ProbeId,
                RootfsPath = rootfs,
                Args = ["/bin/true"],
                Env = ["PATH=/usr/bin:/bin"],
                Mounts = mounts,
                MemoryBytes = ProbeMemoryBytes,
                NanoCpus = 1_000_000_000,
                UserRange = host.Options.UserRange,
            };
            await host.RunAsync(
                () =>
                {
                    CreateContainer.Run(host, entry, spec);
                    StartContainer.Run(host, entry);
                },
                ct).ConfigureAwait(false);
            var exit = await entry.Ended.WaitAsync(ProbeTime, ct).ConfigureAwait(false);
            if (exit.ExitCode != 0)
                throw new ContainerException($"the trial container ended with code {exit.ExitCode} {exit.Error}");
        }
        catch (TimeoutException e)
        {
            throw new ContainerException($"the trial container did not end within {ProbeTime.TotalSeconds} s", e);
        }
        finally
        {
            _ = entry.Signal(ContainerNative.SigKill);
            DeleteContainer.Run(host, entry);
            entry.Dispose();
            DeleteContainer.RemoveTree(host.Paths.Scratch);
        }
    }

    /// <summary>An empty root with the host's programs mounted read-only.</summary>
    private static string MakeRootfs(string path, IdRange? range, out List<ContainerMount> mounts)
    {
        DeleteContainer.RemoveTree(path);
        ContainerPaths.MakePrivate(path);
        range?.GiveToRoot(path);
        mounts = [];
        foreach (var directory in SystemDirectories)
        {
            if (new FileInfo(directory).LinkTarget is { } target)
                File.CreateSymbolicLink(path + directory, target);
            else if (Directory.Exists(directory))
            {
                mounts.Add(new ContainerMount
                {
                    Kind = ContainerMountKind.Bind, Source = directory, Target = directory, ReadOnly = true,
                });
            }
        }
        return path;
    }

    private static string FirstLine(string program, string prefix)
    {
        var output = ToolProcess.Run(program, ["--version"], RuntimeHost.ToolTimeoutMs).Output;
        var line = output.Split('\n')[0].Trim();
        return line.StartsWith(prefix, StringComparison.Ordinal) ? line[prefix.Length..] : line;
    }
}
