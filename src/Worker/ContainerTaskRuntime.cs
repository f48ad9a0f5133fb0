using System.Net;
using System.Runtime.CompilerServices;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>
/// Tasks as real containers: image, overlay, network namespace, OCI runtime. The container's id is the task's id, so
/// what
/// runs is found again after a restart of the daemon without any book of our own.
/// </summary>
public sealed class ContainerTaskRuntime(
    ContainerRuntime containers, ImageStore images, WorkerNetwork network, TaskHost host) : ITaskRuntime, ITaskLogs
{
    private readonly PayloadBook _payloads = new();
    private readonly HealthBook _health = new(containers, host.DirectoryOf, TimeProvider.System);

    /// <summary>A directory without a container is of a preparation that a crash cut short.</summary>
    public IReadOnlyList<TaskId> Known =>
    [
        .. containers.List().Select(c => c.Id).Concat(Directories()).Distinct().Select(id => new TaskId(id)),
    ];

    /// <inheritdoc/>
    public void TakePayloads(PayloadUpdate update) => _payloads.Take(update);

    /// <inheritdoc/>
    public TaskObservation? Observe(TaskId task)
    {
        if (containers.List().FirstOrDefault(c => c.Id == task.Value) is not { } state)
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
            var rootfs = OverlayRootfs.Mount(host.DirectoryOf(task.Id), image);
            var attached = await network.AttachAsync(task.Id, ct).ConfigureAwait(false);
            _health.Prepare(
                new TaskId(task.Id), HealthPlan.Of(task.Spec.Container.Health, image.Config.Healthcheck));
            PayloadMounts.Fill(
                PayloadMounts.FolderOf(host.DirectoryOf(task.Id)), task.Spec.Container, _payloads);
            var spec = ContainerSpecs.From(task, host, image.Config, rootfs, attached);
            await containers.CreateAsync(spec, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ImageException or ContainerException or FormatException or IOException)
        {
            throw new TaskRejectedException(e.Message, e);
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
            var ended = awaits ? null : await ListenAsync(task, address, ct).ConfigureAwait(false);
            var pid = containers.List().FirstOrDefault(c => c.Id == task.Id)?.Pid ?? 0;
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

        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            var end = WaitAsync(task, over.Token);
            var healthy = watch.Healthy.WaitAsync(over.Token);
            if (await Task.WhenAny(end, healthy).ConfigureAwait(false) == end)
            {
                return await end.ConfigureAwait(false);
            }

            await healthy.ConfigureAwait(false);
            return null;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            var exit = containers.WaitAsync(task.Value, over.Token);
            if (_health.Of(task) is not { } watch)
            {
                return End(await exit.ConfigureAwait(false));
            }

            var unhealthy = watch.Unhealthy.WaitAsync(over.Token);
            if (await Task.WhenAny(exit, unhealthy).ConfigureAwait(false) == exit)
            {
                return End(await exit.ConfigureAwait(false));
            }

            var why = await unhealthy.ConfigureAwait(false);
            return End(await containers.StopAsync(task.Value, ct).ConfigureAwait(false)) with { Error = why };
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct)
    {
        await _health.StopAsync(new TaskId(task.Id)).ConfigureAwait(false);
        var spec = task.Spec.Container;
        var signal = spec.StopSignal.Length > 0 ? spec.StopSignal : "";
        return End(await containers.StopAsync(task.Id, signal, spec.StopGraceOrDefault(), ct).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(TaskId task, CancellationToken ct)
    {
        await _health.StopAsync(task).ConfigureAwait(false);
        await containers.ReleaseAsync(task.Value, ct).ConfigureAwait(false);
        MemoryFiles.Unmount(PayloadMounts.FolderOf(host.DirectoryOf(task.Value)));
        HealthFile.Delete(host.DirectoryOf(task.Value));
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
        string taskId, long tail, DateTimeOffset? since, bool follow, [EnumeratorCancellation] CancellationToken ct)
    {
        var lines = containers.ReadLogAsync(taskId, tail, since, follow, ct);
        await foreach (var line in lines.WithCancellation(ct).ConfigureAwait(false))
        {
            yield return new TaskLogLine(line.At, line.IsStandardError, line.Line);
        }
    }

    /// <summary>Null when it listens or has had its time for that; otherwise how it ended before.</summary>
    private async Task<ContainerEnd?> ListenAsync(AssignedTask task, string address, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var ended = containers.WaitAsync(task.Id, either.Token);
        var listens = ListeningProbe.WaitAsync(address, task.IngressTcpPorts, either.Token);
        await Task.WhenAny(ended, listens).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(ended, listens).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The slower of the two.
        }

        return ended.IsCompletedSuccessfully ? End(await ended.ConfigureAwait(false)) : null;
    }

    private IEnumerable<string> Directories() => Directory.Exists(host.RootfsDirectory)
        ? Directory.EnumerateDirectories(host.RootfsDirectory).Select(d => Path.GetFileName(d))
        : [];

    private async Task<LocalImage> PullAsync(AssignedTask task, Action<string> progress, CancellationToken ct)
    {
        var pinned = await PinAsync(ImageReference.Parse(task.Spec.Container.Image), ct).ConfigureAwait(false);
        return await images.AcquireAsync(
            task.Id, task.ServiceId, pinned, new Progress<PullProgress>(p => progress(p.ToString())), ct)
            .ConfigureAwait(false);
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
