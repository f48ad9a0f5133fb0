using Microsoft.Extensions.Logging;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Node.Images;
using Swarm.Node.Recovery;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
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

    internal DaemonOptions Options { get; }

    internal ILoggerFactory Loggers { get; }

    internal NodeLog Log { get; }

    internal NodePaths Paths { get; }

    internal NodeVault Vault { get; }

    internal EpochFile Epoch { get; }

    internal ContainerRuntime Containers { get; private set; } = null!;

    internal ImageStore Images { get; private set; } = null!;

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
        parts.Containers = await ContainerRuntime.OpenAsync(
            new ContainerRuntimeOptions
            {
                DataDirectory = parts.Paths.Tasks,
                CgroupParent = options.CgroupParent,
                Log = parts.Log.Note,
            },
            ct).ConfigureAwait(false);
        parts.Images.ReleaseAllBut(parts.Containers.List().Select(c => c.Id));
        var info = parts.Containers.Info;
        parts.Description = NodeDescriber.Describe(
            options, $"{info.Runtime} {info.Version} (cgroup {info.CgroupMode.ToString().ToLowerInvariant()})");
        return parts;
    }

    internal ContainerTaskRuntime NewTaskRuntime(WorkerNetwork network, NodeId node) =>
        new(Containers, Images, network, new TaskHost(node.Value, Description, Paths.Tasks));

    /// <summary>A tag's digest, asked by the leader when a service is created.</summary>
    internal async Task<PinnedImage> ResolveImageAsync(string image, CancellationToken ct)
    {
        try
        {
            var resolved = await Images.ResolveAsync(ImageReference.Parse(image), ct).ConfigureAwait(false);
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
    }
}
