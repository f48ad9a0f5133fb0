using System.Collections.Concurrent;
using System.Net;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.RoutingMesh;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Volumes;
using Swarm.Security;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>What a person wants to run once on this node.</summary>
/// <param name="Task">Image, command, mounts, limits: the form that services have.</param>
/// <param name="Name">Unique on the node.</param>
public sealed record OneOffSpec(TaskSpec Task, string Name)
{
    public IReadOnlyList<PortConfig> Ports { get; init; } = [];

    /// <summary>False: only an interface to itself.</summary>
    public bool Networked { get; init; } = true;

    public bool OpenInput { get; init; }

    public bool RemoveAtEnd { get; init; }
}

/// <summary>
/// Containers that a person runs on this node: no manager knows them, they are never started again, and like tasks they
/// outlive the daemon. When one has ended it gives back everything but its log, its exit and its volumes.
/// </summary>
public sealed class OneOffContainers(
    ContainerRuntime containers, ImageStore images, VolumeStore volumes, TaskHost host, OneOffSurroundings around)
{
    private const int MaxNameChars = 128;
    private readonly ConcurrentDictionary<string, Task> _finishing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>After a start of the daemon: watches those that run, and finishes those that ended meanwhile.</summary>
    public void Adopt()
    {
        foreach (var state in containers.List().Where(c => c.OneOff))
        {
            _names[containers.SpecOf(state.Id)?.About.Name ?? state.Id] = state.Id;
            _finishing[state.Id] = state.Phase == ContainerPhase.Created
                ? RemoveAsync(state.Id, removeVolumes: true, CancellationToken.None)
                : FinishAsync(state.Id);
        }

        var known = containers.List().Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var left in Directory.Exists(Folder) ? Directory.GetDirectories(Folder) : [])
        {
            if (!known.Contains(Path.GetFileName(left)))
            {
                OverlayRootfs.Unmount(left);
                Directory.Delete(left, recursive: true);
            }
        }
    }

    /// <summary>Everything but the start; its image is here or is brought.</summary>
    /// <exception cref="TaskRejectedException">It cannot run here as specified.</exception>
    public async Task<string> CreateAsync(OneOffSpec wanted, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        CheckName(wanted.Name);
        var id = NewIds.Next();
        if (!_names.TryAdd(wanted.Name, id))
        {
            throw new NameTakenException(
                $"the container name \"{wanted.Name}\" is already in use by container {_names[wanted.Name]}; remove "
                + "that container (container rm) or use another name");
        }

        var task = new AssignedTask { Id = id, Name = wanted.Name, Spec = wanted.Task };
        task.HostPorts.Add(wanted.Ports);
        var made = false;
        try
        {
            await PrepareAsync(task, wanted, ct).ConfigureAwait(false);
            made = true;
            return id;
        }
        catch (Exception e) when (e is ImageException or ContainerException or VolumeException or FormatException
            or IOException or InvalidOperationException)
        {
            throw new TaskRejectedException(e.Message, e);
        }
        finally
        {
            if (!made)
            {
                await RemoveAsync(id, removeVolumes: true, CancellationToken.None).ConfigureAwait(false);
                _names.TryRemove(new KeyValuePair<string, string>(wanted.Name, id));
            }
        }
    }

    /// <summary>Runs it. One that cannot be started is removed.</summary>
    /// <exception cref="TaskRejectedException">The runtime refused.</exception>
    public async Task StartAsync(string id, IReadOnlyCollection<PortConfig> ports, CancellationToken ct)
    {
        try
        {
            if (ports.Count > 0 && around.Network() is { } net && await net.TryPublishAsync(
                id, IPAddress.Parse(net.AddressOf(id)), ports, ct).ConfigureAwait(false) is { } refusal)
            {
                throw new ContainerException(refusal);
            }

            await containers.StartAsync(id, ct).ConfigureAwait(false);
            _finishing[id] = FinishAsync(id);
        }
        catch (Exception e) when (e is ContainerException or IOException)
        {
            await RemoveAsync(id, removeVolumes: true, CancellationToken.None).ConfigureAwait(false);
            throw new TaskRejectedException(e.Message, e);
        }
    }

    /// <summary>Completes when an ended container has given back what it held (removed, if it was to be).</summary>
    public Task FinishedAsync(string id) => _finishing.GetValueOrDefault(id, Task.CompletedTask);

    /// <summary>Ends it if it runs and removes all of it. Unknown ids are fine.</summary>
    public async Task RemoveAsync(string id, bool removeVolumes, CancellationToken ct)
    {
        await containers.DeleteAsync(id, ct).ConfigureAwait(false);
        await ReleaseAsync(id, ct).ConfigureAwait(false);
        volumes.Detach(id, removeVolumes);
        _finishing.TryRemove(id, out _);
        foreach (var name in _names.Where(n => n.Value == id).ToList())
        {
            _names.TryRemove(name);
        }
    }

    private string Folder => TaskHost.RunsOf(host.TasksDirectory);

    private string DirectoryOf(string id) => Path.Combine(Folder, id);

    private async Task PrepareAsync(AssignedTask task, OneOffSpec wanted, CancellationToken ct)
    {
        var reference = ImageReference.Parse(task.Spec.Container.Image);
        var pinned = images.FindLocal(task.Spec.Container.Image)
            ?? reference.Pin((await images.ResolveAsync(reference, ct).ConfigureAwait(false)).Digest);
        var image = await images.AcquireAsync(
            task.Id, "", pinned, new Progress<PullProgress>(static _ => { }), ct).ConfigureAwait(false);
        var rootfs = OverlayRootfs.Mount(DirectoryOf(task.Id), image, host.Mapped);
        var attached = wanted.Networked
            ? await Network().AttachAsync(task.Id, ct).ConfigureAwait(false)
            : new ContainerNetwork(task.Id, IPAddress.Loopback, "", "", false);
        var spec = await VolumeMounts.AttachAsync(
            volumes, task, host, image, ContainerSpecs.From(task, host, image.Config, rootfs, attached), ct)
            .ConfigureAwait(false);
        await containers.CreateAsync(
            spec with
            {
                NetnsPath = wanted.Networked ? spec.NetnsPath : null,
                OneOff = true,
                Stdin = wanted.OpenInput,
                About = spec.About with
                {
                    RemoveAtEnd = wanted.RemoveAtEnd,
                    Address = wanted.Networked ? spec.About.Address : "",
                },
            },
            ct).ConfigureAwait(false);
    }

    private async Task FinishAsync(string id)
    {
        try
        {
            var remove = containers.SpecOf(id)?.About.RemoveAtEnd ?? false;
            await containers.WaitAsync(id, CancellationToken.None).ConfigureAwait(false);
            await (remove
                ? RemoveAsync(id, removeVolumes: true, CancellationToken.None)
                : ReleaseAsync(id, CancellationToken.None)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ContainerException or VolumeException)
        {
            around.Log($"container {id} has ended and could not give back all it held: {e.Message}");
        }
    }

    private async Task ReleaseAsync(string id, CancellationToken ct)
    {
        await containers.ReleaseAsync(id, ct).ConfigureAwait(false);
        OverlayRootfs.Unmount(DirectoryOf(id));
        if (Directory.Exists(DirectoryOf(id)))
        {
            Directory.Delete(DirectoryOf(id), recursive: true);
        }

        images.Release(id);
        if (around.Network() is { } net)
        {
            await net.DetachAsync(id, ct).ConfigureAwait(false);
        }
    }

    private WorkerNetwork Network() => around.Network() ?? throw new TaskRejectedException(
        "this node is in no swarm, so it has no network for containers: run it with --network none, or 'swarmctl swarm "
        + "init' first");

    private static void CheckName(string name)
    {
        if (name.Length is < 2 or > MaxNameChars || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
        {
            throw new TaskRejectedException(
                $"invalid container name: 2 to {MaxNameChars} characters of [a-zA-Z0-9_.-], a letter or digit first");
        }
    }
}

/// <summary>What containers that a person runs find around them.</summary>
/// <param name="Network">Null while this node is in no swarm.</param>
/// <param name="Log">Told what an operator wants to know.</param>
public sealed record OneOffSurroundings(Func<WorkerNetwork?> Network, Action<string> Log);

/// <summary>Another container has the name.</summary>
public sealed class NameTakenException(string message) : Exception(message);
