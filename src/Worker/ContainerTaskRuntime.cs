using System.Net;
using System.Runtime.CompilerServices;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Volumes;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>
/// Tasks as real containers: image, overlay, network namespace, OCI runtime. The container's id is the task's id, so
/// what
/// runs is found again after a restart of the daemon without any book of our own.
/// </summary>
public sealed class ContainerTaskRuntime(
    ContainerRuntime containers, ImageStore images, VolumeStore volumes, WorkerNetwork network, TaskHost host)
    : ITaskRuntime, ITaskLogs
{
    /// <summary>How long a program waits for somebody to attach before it starts.</summary>
    private static readonly TimeSpan CallerPatience = TimeSpan.FromMinutes(1);

    private readonly PayloadBook _payloads = new();
    private readonly HealthBook _health = new(containers, host.DirectoryOf, TimeProvider.System);

    /// <summary>A directory without a container is of a preparation that a crash cut short.</summary>
    public IReadOnlyList<TaskId> Known =>
    [
        .. containers.List().Where(c => !c.OneOff).Select(c => c.Id).Concat(Directories()).Distinct()
            .Select(id => new TaskId(id)),
    ];

    /// <inheritdoc/>
    public void TakePayloads(PayloadUpdate update) => _payloads.Take(update);

    /// <inheritdoc/>
    public TaskObservation? Observe(TaskId task)
    {
        if (containers.Find(task.Value) is not { } state)
        {
            return null;
        }

        var awaits = state.Phase == ContainerPhase.Running && _health.IsAwaited(task);
        var container = new StartedContainer(state.Id, state.Pid, network.AddressOf(task.Value), AwaitsHealth: awaits);
        return state switch
        {
            { Phase: ContainerPhase.Running } => new TaskObservation(
                awaits ? TaskState.Starting : TaskState.Running, container, null, state.StartedAt),
            { Exit: { } exit } => new TaskObservation(
                exit.ExitCode == 0 ? TaskState.Complete : TaskState.Failed, container, End(exit), exit.At),
            { Phase: ContainerPhase.Created } => new TaskObservation(TaskState.Ready, container, null),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public async Task PrepareAsync(AssignedTask task, Action<string> progress, CancellationToken ct)
    {
        try
        {
            var image = await PullAsync(task, progress, ct).ConfigureAwait(false);
            var rootfs = OverlayRootfs.Mount(host.DirectoryOf(task.Id), image, host.Mapped);
            var attached = await network.AttachAsync(task.Id, ct).ConfigureAwait(false);
            _health.Prepare(
                new TaskId(task.Id), HealthPlan.Of(task.Spec.Container.Health, image.Config.Healthcheck));
            PayloadMounts.Fill(
                PayloadMounts.FolderOf(host.DirectoryOf(task.Id)), task.Spec.Container, _payloads, host.Mapped?.Range);
            var spec = ContainerSpecs.From(task, host, image.Config, rootfs, attached);
            spec = await VolumeMounts.AttachAsync(volumes, task, host, image, spec, ct).ConfigureAwait(false);
            await containers.CreateAsync(spec, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ImageException or ContainerException or VolumeException
            or FormatException or IOException)
        {
            throw new TaskRejectedException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public async Task AwaitCallerAsync(AssignedTask task, CancellationToken ct)
    {
        if (!task.Spec.Container.AttachFirst
            || containers.Find(task.Id) is not { Phase: ContainerPhase.Created })
        {
            return;
        }

        try
        {
            await containers.AttachedAsync(task.Id, ct).WaitAsync(CallerPatience, ct).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TaskRejectedException(
                $"nobody attached within {CallerPatience.TotalSeconds:0} s, so it was not started; run it with -d");
        }
    }

    /// <inheritdoc/>
    public async Task<StartedContainer> StartAsync(AssignedTask task, CancellationToken ct)
    {
        try
        {
            await containers.StartAsync(task.Id, ct).ConfigureAwait(false);
            var address = network.AddressOf(task.Id);
            if (address.Length > 0)
            {
                await network.PublishHostPortsAsync(task.Id, IPAddress.Parse(address), task.HostPorts, ct)
                    .ConfigureAwait(false);
            }

            var awaits = _health.Of(new TaskId(task.Id)) is { Healthy.IsCompleted: false };
            var ended = awaits ? null : await EndBeforeAsync(
                either => ExitAsync(task.Id, either),
                either => ListeningProbe.WaitAsync(address, task.IngressTcpPorts, either), ct).ConfigureAwait(false);
            var pid = containers.Find(task.Id)?.Pid ?? 0;
            return new StartedContainer(task.Id, pid, address, ended, awaits);
        }
        catch (Exception e) when (e is ContainerException or IOException)
        {
            throw new TaskRejectedException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public async Task<ContainerEnd?> AwaitHealthAsync(TaskId task, CancellationToken ct)
    {
        if (_health.Of(task) is not { } watch)
        {
            return containers.Find(task.Value) is { Phase: ContainerPhase.Running }
                ? null
                : await WaitAsync(task, ct).ConfigureAwait(false);
        }

        return await EndBeforeAsync(
            either => WaitAsync(task, either), either => watch.Healthy.WaitAsync(either), ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct)
    {
        if (_health.Of(task) is not { } watch)
        {
            return await ExitAsync(task.Value, ct).ConfigureAwait(false);
        }

        var ended = await EndBeforeAsync(
            either => ExitAsync(task.Value, either), either => watch.Unhealthy.WaitAsync(either), ct)
            .ConfigureAwait(false);
        return ended ?? End(await containers.StopAsync(task.Value, ct).ConfigureAwait(false)) with
        {
            Error = await watch.Unhealthy.ConfigureAwait(false),
        };
    }

    /// <inheritdoc/>
    public async Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct)
    {
        await _health.StopAsync(new TaskId(task.Id)).ConfigureAwait(false);
        // A stray has no specification any more: it is stopped as its container was made to be.
        return End(task.Spec?.Container is { } spec
            ? await containers.StopAsync(task.Id, spec.StopSignal, spec.StopGraceOrDefault(), ct).ConfigureAwait(false)
            : await containers.StopAsync(task.Id, ct).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(TaskId task, CancellationToken ct)
    {
        await _health.StopAsync(task).ConfigureAwait(false);
        await containers.ReleaseAsync(task.Value, ct).ConfigureAwait(false);
        MemoryFiles.Unmount(PayloadMounts.FolderOf(host.DirectoryOf(task.Value)));
        HealthFile.Delete(host.DirectoryOf(task.Value));
        volumes.Detach(task.Value, removeAnonymous: true);
        OverlayRootfs.Unmount(host.DirectoryOf(task.Value));
        images.Release(task.Value);
        await network.DetachAsync(task.Value, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(TaskId task, CancellationToken ct)
    {
        await containers.DeleteAsync(task.Value, ct).ConfigureAwait(false);
        await ReleaseAsync(task, ct).ConfigureAwait(false);
        var directory = host.DirectoryOf(task.Value);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<TaskLogLine> ReadAsync(
        string taskId, LogQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        if (!containers.KeepsLog(taskId))
        {
            // It was never created, so it wrote nothing; or it has no log, which the manager has told.
            yield break;
        }

        var lines = containers.ReadLogAsync(taskId, query, ct);
        await foreach (var line in lines.WithCancellation(ct).ConfigureAwait(false))
        {
            yield return new TaskLogLine(line.At, line.IsStandardError, line.Line, line.Nth);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> DetailsOf(string taskId) =>
        (containers.Find(taskId) is null ? null : containers.SpecOf(taskId))?.About.LogDetails
            ?? new Dictionary<string, string>();

    /// <summary>How it ended; null when something else came first. The slower of the two is given up.</summary>
    private static async Task<ContainerEnd?> EndBeforeAsync(
        Func<CancellationToken, Task<ContainerEnd>> end, Func<CancellationToken, Task> other, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            var (ended, came) = (end(either.Token), other(either.Token));
            await Task.WhenAny(ended, came).ConfigureAwait(false);
            if (ended.IsCompleted)
            {
                return await ended.ConfigureAwait(false);
            }

            await came.ConfigureAwait(false);
            return null;
        }
        finally
        {
            await either.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<ContainerEnd> ExitAsync(string container, CancellationToken ct) =>
        End(await containers.WaitAsync(container, ct).ConfigureAwait(false));

    private IEnumerable<string> Directories() => Directory.Exists(host.RootfsDirectory)
        ? Directory.EnumerateDirectories(host.RootfsDirectory).Select(d => Path.GetFileName(d))
        : [];

    private async Task<LocalImage> PullAsync(AssignedTask task, Action<string> progress, CancellationToken ct)
    {
        var reference = ImageReference.Parse(task.Spec.Container.Image)
            .With(task.Registries.Select(RegistryLogin.Of));
        var image = await images.AcquireAsync(
            task.Id, task.ServiceId, await PinAsync(reference, ct).ConfigureAwait(false),
            new Progress<PullProgress>(p => progress(p.ToString())), ct).ConfigureAwait(false);
        // It is here now: what it took to get it is not needed in memory for as long as the task lives.
        task.Registries.Clear();
        return image;
    }

    /// <summary>A tag that no manager resolved: as its registry has it now, else as it is on this node.</summary>
    private async Task<ImageReference> PinAsync(ImageReference reference, CancellationToken ct)
    {
        if (reference.IsPinned)
        {
            return reference;
        }

        try
        {
            return reference.Pin((await images.ResolveAsync(reference, ct).ConfigureAwait(false)).Digest);
        }
        catch (ImageException) when (images.FindLocal(reference.ToString()) is { } local)
        {
            return local;
        }
    }

    private static ContainerEnd End(ContainerExit exit) => new(exit.ExitCode, exit.OutOfMemory, exit.Error ?? "");
}
