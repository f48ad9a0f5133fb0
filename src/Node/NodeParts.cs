using Microsoft.Extensions.Logging;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Node.Images;
using Swarm.Node.Recovery;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Volumes;
using Swarm.Worker;

namespace Swarm.Node;

/// <summary>What lives as long as the daemon, member of a swarm or not: images, containers, the description.</summary>
internal sealed class NodeParts : IAsyncDisposable
{
    private NodeParts(DaemonOptions options, ILoggerFactory loggers)
    {
        Options = options;
        Loggers = loggers;
        Log = new NodeLog(loggers.CreateLogger("node"));
        Paths = new NodePaths(options.DataDir);
        Vault = new NodeVault(Paths);
        Epoch = new EpochFile(Paths.Epoch);
    }

    private ImageCollector _collector = null!;
    private MappedLayers? _mapped;

    internal DaemonOptions Options { get; }

    internal ILoggerFactory Loggers { get; }

    internal NodeLog Log { get; }

    internal NodePaths Paths { get; }

    internal NodeVault Vault { get; }

    internal EpochFile Epoch { get; }

    internal ContainerRuntime Containers { get; private set; } = null!;

    internal ImageStore Images { get; private set; } = null!;

    internal VolumeStore Volumes { get; private set; } = null!;

    internal CredentialStore Credentials { get; private set; } = null!;

    internal NodeDescription Description { get; private set; } = null!;

    internal static async Task<NodeParts> OpenAsync(DaemonOptions options, ILoggerFactory loggers, CancellationToken ct)
    {
        var parts = new NodeParts(options, loggers);
        parts.Credentials = new CredentialStore(parts.Paths.RegistryCredentials);
        parts.Images = ImageStore.Open(
            parts.Paths.Images,
            new RegistryOptions
            {
                InsecureHosts = options.InsecureRegistries,
                Mirrors = options.Mirrors(),
                Credentials = parts.Credentials.Find,
                Log = parts.Log.Note,
            },
            new ImageDiskLimits { BudgetBytes = options.ImageBudgetBytes() },
            parts.Log.Note);
        parts._collector = new ImageCollector(parts.Images, parts.Log.Note);
        var range = options.UserRange();
        parts.MapLayers(range);
        parts.Containers = await ContainerRuntime.OpenAsync(
            new ContainerRuntimeOptions
            {
                DataDirectory = parts.Paths.Tasks,
                CgroupParent = options.CgroupParent,
                UserRange = range,
                Log = parts.Log.Note,
            },
            ct).ConfigureAwait(false);
        TaskHost.Prepare(parts.Paths.Tasks);
        parts.Images.ReleaseAllBut(parts.Containers.List().Select(c => c.Id));
        parts.Volumes = VolumeStore.Open(
            parts.Paths.Volumes, parts.Log.Note, TimeProvider.System,
            new VolumeWalls { Paths = options.HostPaths(), UserRange = range });
        parts.Volumes.DetachAllBut(parts.Containers.List().Select(c => c.Id));
        var info = parts.Containers.Info;
        parts.Description = NodeDescriber.Describe(
            options, $"{info.Runtime} {info.Version} (cgroup {info.CgroupMode.ToString().ToLowerInvariant()})");
        return parts;
    }

    /// <summary>For containers with user namespaces: what they are made of belongs to their ids.</summary>
    private void MapLayers(IdRange? wanted)
    {
        if (wanted is not { } range)
        {
            MappedLayers.Close(Paths.MappedLayers);
            return;
        }

        IdRange.CheckWayTo(Paths.DataDir);
        range.LetThrough(
            Paths.DataDir, Paths.Tasks, TaskHost.RootfsOf(Paths.Tasks), TaskHost.RunsOf(Paths.Tasks));
        _mapped = MappedLayers.Open(Images.LayerDirectory, Paths.MappedLayers, range);
        Log.Note($"containers get user namespaces: their root is {range.First} on this host");
    }

    /// <summary>Containers that are nobody's task, over all memberships.</summary>
    internal OneOffContainers NewOneOffs(Func<WorkerNetwork?> network) =>
        new(
            Containers, Images, Volumes, new TaskHost("", Description, Paths.Tasks) { Mapped = _mapped },
            new OneOffSurroundings(network, Log.Note));

    internal ContainerTaskRuntime NewTaskRuntime(WorkerNetwork network, NodeId node) =>
        new(
            Containers, Images, Volumes, network,
            new TaskHost(node.Value, Description, Paths.Tasks) { Mapped = _mapped });

    /// <summary>A tag's digest, asked by the leader when a service is created.</summary>
    internal async Task<PinnedImage> ResolveImageAsync(
        string image, IReadOnlyList<RegistryLogin> logins, CancellationToken ct)
    {
        try
        {
            var resolved = await Images.ResolveAsync(ImageReference.Parse(image).With(logins), ct)
                .ConfigureAwait(false);
            return new PinnedImage(
                resolved.Canonical,
                [.. resolved.Platforms.Select(p => new Platform { Os = p.Os, Architecture = p.Architecture })]);
        }
        catch (ImageException e)
        {
            throw new RpcException(
                e.Kind switch
                {
                    ImageErrorKind.NotFound => RpcStatusCode.NotFound,
                    ImageErrorKind.Unreachable => RpcStatusCode.Unavailable,
                    _ => RpcStatusCode.FailedPrecondition,
                },
                e.Message);
        }
    }

    /// <summary>What `login` stored on this node for the registry of an image.</summary>
    internal RegistryLogin? RegistryOf(string image) =>
        ImageReference.TryParse(image, out var reference, out _) && Credentials.Find(reference.Host) is { } found
            ? new RegistryLogin(reference.Host, found.User, found.Password)
            : null;

    /// <summary>Ends and deletes every container of this daemon.</summary>
    internal async Task RemoveAllContainersAsync(WorkerNetwork network, NodeId node, CancellationToken ct)
    {
        var runtime = NewTaskRuntime(network, node);
        await Task.WhenAll(runtime.Known.Select(task => runtime.RemoveAsync(task, ct))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        Vault.Dispose();
        await _collector.DisposeAsync().ConfigureAwait(false);
        await Containers.DisposeAsync().ConfigureAwait(false);
        await Images.DisposeAsync().ConfigureAwait(false);
        MappedLayers.Close(Paths.MappedLayers);
    }
}
