using System.Collections.Concurrent;

namespace Swarm.Runtime.Containers;

/// <summary>
/// The containers of one node. They outlive this object: a new one over the same directory finds them again. All
/// methods may be called from any thread.
/// </summary>
public sealed class ContainerRuntime : IAsyncDisposable
{
    private readonly RuntimeHost _host;
    private readonly ConcurrentDictionary<string, ContainerEntry> _entries = new(StringComparer.Ordinal);

    private ContainerRuntime(RuntimeHost host, RuntimeInfo info)
    {
        _host = host;
        Info = info;
    }

    public RuntimeInfo Info { get; }

    /// <summary>Chooses the runtime, removes leftovers and adopts what is there.</summary>
    /// <exception cref="ContainerException">This host cannot run containers; the message says why.</exception>
    public static async Task<ContainerRuntime> OpenAsync(ContainerRuntimeOptions options, CancellationToken ct)
    {
        if (!ContainerSpecRules.IsCleanAbsolute(options.CgroupParent) || options.CgroupParent == "/")
            throw new ContainerException($"cgroup parent \"{options.CgroupParent}\" must be absolute, clean and not /");
        if (!ContainerSpecRules.IsCleanAbsolute(options.DataDirectory))
            throw new ContainerException($"data directory \"{options.DataDirectory}\" must be absolute and clean");
        var conmon = ToolProcess.Find("conmon")
            ?? throw new ContainerException(
                "conmon, the container monitor, is not installed; install the package conmon");
        var host = new RuntimeHost(options, new CgroupTree(), conmon);
        try
        {
            host.Paths.CreateAll(options.UserRange);
            var info = await RuntimeProbe.RunAsync(host, ct).ConfigureAwait(false);
            options.Log($"containers: {info.Notes}; cgroups {info.CgroupMode}; monitor {info.Monitor}");
            var runtime = new ContainerRuntime(host, info);
            foreach (var entry in AdoptContainers.Run(host))
                runtime._entries[entry.Id] = entry;
            return runtime;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    public IReadOnlyList<ContainerState> List() =>
        [.. _entries.Values.Select(static e => e.State).OrderBy(static s => s.Id, StringComparer.Ordinal)];

    public ContainerState? Find(string id) => _entries.TryGetValue(id, out var entry) ? entry.State : null;

    /// <summary>What it was made of; null when nobody knows any more.</summary>
    public ContainerSpec? SpecOf(string id) => ContainerSpecFile.TryLoad(Require(id).Directory);

    /// <summary>What it uses now; null when it does not run.</summary>
    public ContainerUsage? UsageOf(string id) =>
        Require(id) is { Record: { } record, State: { Phase: ContainerPhase.Running } state }
            ? CgroupUsage.Read(_host.Cgroups, record.CgroupPath, state.Pid, _host.Now)
            : null;

    /// <summary>Process ids on the host, the lowest first; none when it does not run.</summary>
    public IReadOnlyList<int> ProcessesOf(string id) =>
        Require(id) is { Record: { } record, State.Phase: ContainerPhase.Running }
            ? [.. _host.Cgroups.Processes(record.CgroupPath).Where(static p => p > 0)]
            : [];

    /// <summary>It has ended and holds nothing but its log and record. Unknown ids have nothing either.</summary>
    public bool IsReleased(string id) => !_entries.TryGetValue(id, out var entry)
        || (entry.State.Phase == ContainerPhase.Exited && !Directory.Exists(entry.Directory.Bundle));

    /// <summary>Number of a signal by its name or number; "" is SIGKILL.</summary>
    /// <exception cref="ContainerException">There is no such signal.</exception>
    public static int SignalOf(string signal) =>
        string.IsNullOrEmpty(signal) ? ContainerNative.SigKill : SignalName.Parse(signal);

    /// <summary>Where its log is on this host.</summary>
    public string LogPathOf(string id) => Path.Combine(Require(id).Directory.Logs, LogFiles.Current);

    /// <summary>Makes the container and its namespaces; its program waits for <see cref="StartAsync"/>.</summary>
    /// <exception cref="ContainerException">Refused or failed; nothing is left behind then.</exception>
    public async Task<ContainerState> CreateAsync(ContainerSpec spec, CancellationToken ct)
    {
        ContainerSpecRules.Check(spec, _host.Options.CgroupParent);
        if (spec.Init && !File.Exists(_host.Options.InitBinary))
        {
            throw new ContainerException(
                $"init was asked for, but {_host.Options.InitBinary} is not installed (package tini)");
        }
        var entry = new ContainerEntry(spec.Id, _host.Paths.For(spec.Id)) { OneOff = spec.OneOff };
        if (!_entries.TryAdd(spec.Id, entry))
            throw new ContainerException($"container {spec.Id} exists already; delete it first");
        var made = false;
        await entry.Verb.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await _host.RunAsync(() => CreateContainer.Run(_host, entry, spec), ct).ConfigureAwait(false);
            made = true;
            return entry.State;
        }
        finally
        {
            if (!made)
                _entries.TryRemove(new KeyValuePair<string, ContainerEntry>(spec.Id, entry));
            entry.Verb.Release();
        }
    }

    public async Task StartAsync(string id, CancellationToken ct)
    {
        var entry = Require(id);
        await entry.Verb.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await _host.RunAsync(() => StartContainer.Run(_host, entry), ct).ConfigureAwait(false);
        }
        finally
        {
            entry.Verb.Release();
        }
    }

    /// <summary>
    /// Runs a command in a running container and waits for it. Called off, the command and what it started are killed.
    /// </summary>
    /// <exception cref="ContainerException">The container does not run, or the command could not be
    /// prepared.</exception>
    public Task<ExecResult> ExecAsync(string id, ContainerExec exec, CancellationToken ct)
    {
        var entry = Require(id);
        return _host.RunLongAsync(() => ExecContainer.Run(_host, entry, exec, ct), ct);
    }

    /// <summary>
    /// Starts a command in a running container with somebody at its input and output. It ends with the session.
    /// </summary>
    /// <exception cref="ContainerException">The container does not run, there is no such user, a rule is
    /// broken.</exception>
    public Task<ContainerSession> StartExecAsync(string id, ContainerCommand command, CancellationToken ct) =>
        OpenExec.RunAsync(_host, Require(id), command, ct);

    /// <summary>Starts a command in a running container and leaves it alone; its output goes nowhere.</summary>
    /// <exception cref="ContainerException">As of <see cref="StartExecAsync"/>.</exception>
    /// <exception cref="CommandFailedException">It could not be started.</exception>
    public Task StartDetachedAsync(string id, ContainerCommand command, CancellationToken ct) =>
        OpenExec.RunDetachedAsync(_host, Require(id), command, ct);

    /// <summary>
    /// A session with the program of a container, from now on: its output, and its terminal if it has one. It goes on
    /// when the session ends.
    /// </summary>
    /// <exception cref="ContainerException">It does not run, or its monitor does not answer.</exception>
    public ContainerSession Attach(string id) => OpenExec.Attach(_host, Require(id));

    /// <summary>Completes when somebody is, or was, attached to the container.</summary>
    public Task AttachedAsync(string id, CancellationToken ct) => Require(id).Attached.WaitAsync(ct);

    /// <summary>What is at a path of a running container; null when nothing is.</summary>
    /// <exception cref="ContainerException">It does not run, or the path breaks a rule.</exception>
    public Task<ContainerPathFacts?> StatPathAsync(string id, string path, bool follow, CancellationToken ct)
    {
        var entry = Require(id);
        return CopyWork.RunAsync(_host, () => ReadContainerPath.Stat(entry, path, follow), ct);
    }

    /// <summary>
    /// Packs a path of a running container into a tar archive whose names begin with the last one of the path. Gives
    /// the number of devices, sockets, pipes and kernel file systems that were left out.
    /// </summary>
    /// <exception cref="ContainerException">It does not run, there is nothing, a limit was passed.</exception>
    public Task<long> ReadPathAsync(string id, string path, bool follow, Stream output, CancellationToken ct)
    {
        var entry = Require(id);
        return CopyWork.RunAsync(
            _host, () => ReadContainerPath.Run(entry, (path, follow), output, CopyWork.Limits, ct), ct);
    }

    /// <summary>
    /// Unpacks a tar archive into an existing directory of a running container; what is there already is replaced, but
    /// no directory by something else. Everything is root's and not setuid unless the owner is kept.
    /// </summary>
    /// <exception cref="ContainerException">It does not run, the archive is refused, the disk is full.</exception>
    public Task<long> WritePathAsync(
        string id, string directory, bool keepOwner, Stream archive, CancellationToken ct)
    {
        var entry = Require(id);
        return CopyWork.RunAsync(
            _host, () => WriteContainerPath.Run(entry, (directory, keepOwner), archive, CopyWork.Limits, ct), ct);
    }

    /// <summary>Signals the first process. One that has ended already is no error.</summary>
    public Task KillAsync(string id, int signal, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        KillContainer.Run(Require(id), signal);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stop signal ("" = the one of its specification), then SIGKILL after the grace. A container that never started is
    /// killed at once; one that has ended gives its exit.
    /// </summary>
    public Task<ContainerExit> StopAsync(string id, string signal, TimeSpan grace, CancellationToken ct)
    {
        var entry = Require(id);
        var record = entry.Record ?? throw new ContainerException($"container {id} is still being created");
        var number = SignalName.Parse(signal.Length > 0 ? signal : record.StopSignal);
        return StopContainer.RunAsync(_host, entry, number, grace, ct);
    }

    /// <summary>The same with the signal and grace of its specification.</summary>
    public Task<ContainerExit> StopAsync(string id, CancellationToken ct) =>
        StopAsync(id, "", Require(id).Record?.StopGrace ?? TimeSpan.Zero, ct);

    public Task<ContainerExit> WaitAsync(string id, CancellationToken ct) => Require(id).Ended.WaitAsync(ct);

    /// <summary>
    /// Ends the container if it runs and gives back what it holds, so that its root file system can be unmounted.
    /// Exit and log stay until <see cref="DeleteAsync"/>. Unknown ids are fine.
    /// </summary>
    public Task ReleaseAsync(string id, CancellationToken ct) => EndAsync(
        id,
        entry =>
        {
            if (entry.Record is not null)
                DeleteContainer.Release(_host, entry);
        },
        ct);

    /// <summary>Removes the container with everything it has, killing it when it runs. Unknown ids are fine.</summary>
    public Task DeleteAsync(string id, CancellationToken ct) => EndAsync(
        id,
        entry =>
        {
            DeleteContainer.Run(_host, entry);
            _entries.TryRemove(new KeyValuePair<string, ContainerEntry>(id, entry));
            entry.Dispose();
        },
        ct);

    /// <summary>There is a log of it to read.</summary>
    public bool KeepsLog(string id) =>
        _entries.GetValueOrDefault(id)?.Record is { Log.Target: not LogTarget.Nowhere };

    /// <summary>
    /// The last <paramref name="tail"/> lines (negative = all) since a time; with <paramref name="follow"/> it goes on
    /// until the container has ended.
    /// </summary>
    /// <exception cref="ContainerException">There is no such log.</exception>
    public IAsyncEnumerable<LogLine> ReadLogAsync(
        string id, long tail, DateTimeOffset? since, bool follow, CancellationToken ct) =>
        ReadLogAsync(id, new LogQuery(tail, since, follow), ct);

    /// <summary>As it is asked for; when following, until the container has ended.</summary>
    /// <exception cref="ContainerException">There is no such log.</exception>
    public IAsyncEnumerable<LogLine> ReadLogAsync(string id, LogQuery query, CancellationToken ct)
    {
        var entry = Require(id);
        if (!KeepsLog(id))
            throw new ContainerException($"container {id} keeps no log: its log driver is none");
        return LogReader.ReadAsync(entry.Directory.Logs, query, entry.Ended, ct);
    }

    /// <summary>Stops watching; the containers go on.</summary>
    public ValueTask DisposeAsync()
    {
        _host.Dispose();
        foreach (var entry in _entries.Values)
            entry.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task EndAsync(string id, Action<ContainerEntry> work, CancellationToken ct)
    {
        ContainerSpecRules.CheckId(id);
        var entry = _entries.GetValueOrDefault(id) ?? new ContainerEntry(id, _host.Paths.For(id));
        await entry.Verb.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (entry.State.Phase is ContainerPhase.Running or ContainerPhase.Created)
            {
                await StopContainer.RunAsync(_host, entry, ContainerNative.SigKill, TimeSpan.Zero, ct)
                    .ConfigureAwait(false);
            }
            await _host.RunAsync(() => work(entry), ct).ConfigureAwait(false);
        }
        finally
        {
            entry.Verb.Release();
        }
    }

    private ContainerEntry Require(string id) => _entries.TryGetValue(id, out var entry)
        ? entry
        : throw new ContainerException($"there is no container {id} on this node");
}
