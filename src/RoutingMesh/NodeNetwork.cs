using System.Net;
using Swarm.RoutingMesh.Attach;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;
using Swarm.RoutingMesh.Rules;
using Swarm.RoutingMesh.Setup;

namespace Swarm.RoutingMesh;

/// <summary>
/// The network of one node: bridge and overlay, containers on them, and the routing mesh. Everything is in
/// the kernel and stays there when the daemon ends; opening it again takes it over without a disturbance.
/// All methods may be called at once from several places.
/// </summary>
public sealed class NodeNetwork : IAsyncDisposable
{
    /// <summary>Attachments that run at once; more would only wait for the kernel's own lock.</summary>
    private const int MaxParallelAttachments = 4;

    private readonly NodeNetworkOptions _options;
    private readonly NodeRules _rules;
    private readonly NetworkThread _thread;
    private readonly ContainerAttachments _attachments;
    private readonly SemaphoreSlim _attaching = new(MaxParallelAttachments);
    private readonly SharedRun _deleting;
    private KernelSide? _kernel;
    private RuleWatch? _watch;

    private NodeNetwork(NodeNetworkOptions options)
    {
        _options = options;
        _rules = new NodeRules(options.BridgeName, options.OverlayName, options.Subnet, options.Pool,
            options.OverlayPort, [.. options.ProtectedPorts]);
        _attachments = new ContainerAttachments(options);
        _thread = new NetworkThread("swarm-network", options.NamespacePath);
        _deleting = new SharedRun(() => OnceAsync(_attachments.DeleteRetired));
    }

    /// <summary>Version of the last mesh table that the kernel routes by; 0 before the first.</summary>
    public ulong AppliedVersion => _kernel?.Programmer.AppliedVersion ?? 0;

    /// <summary>How often the rules had to be put back because another program changed them.</summary>
    public int Repairs => _kernel?.Programmer.Repairs ?? 0;

    /// <summary>Sets up what is missing and takes over what is there.</summary>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="MeshException">The kernel refused, or the node has a network with other settings.</exception>
    public static async Task<NodeNetwork> OpenAsync(NodeNetworkOptions options)
    {
        Check(options);
        var network = new NodeNetwork(options);
        try
        {
            await network._thread.RunAsync(network.SetUp).ConfigureAwait(false);
            network._watch = await RuleWatch.StartAsync(options.NamespacePath, network.CheckRulesAsync, options.Log)
                .ConfigureAwait(false);
            return network;
        }
        catch (Exception)
        {
            await network.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Routes by this table from now on, in one step. When the task is done the kernel has it: new connections
    /// no longer reach a backend that is not in it; old TCP connections go on. Returns what cannot be published.
    /// </summary>
    /// <exception cref="MeshException">
    /// The kernel refused; the former rules stay in force and the new ones are tried again twice a second.
    /// </exception>
    public Task<IReadOnlyList<RefusedEntry>> ApplyAsync(MeshTable table) =>
        _thread.RunAsync(() => Kernel.Programmer.Apply(table));

    /// <summary>Connects this node with exactly these others (itself not among them).</summary>
    /// <exception cref="ArgumentException">Subnets overlap or lie outside the pool.</exception>
    public Task UpdatePeersAsync(IReadOnlyList<PeerNode> peers)
    {
        if (PeerChange.Problem(_rules, peers) is { } problem)
            throw new ArgumentException(problem, nameof(peers));
        return _thread.RunAsync(() =>
        {
            Kernel.Peers.Withdraw(peers);
            Kernel.Programmer.SetPeers([.. peers, Self]);
            Kernel.Peers.Enter(peers);
        });
    }

    /// <summary>
    /// Creates a network namespace with this address for a container; the same call again returns what is
    /// there. The address comes from an <see cref="AddressPool"/> over this node's subnet.
    /// </summary>
    /// <exception cref="ArgumentException">Unfit id, or an address outside the subnet.</exception>
    public async Task<ContainerNetwork> AttachAsync(string containerId, IPAddress address, CancellationToken cancel)
    {
        ContainerNames.Check(containerId);
        if (!_options.Subnet.Contains(address) || address.Equals(NodeSubnet.Gateway(_options.Subnet)))
            throw new ArgumentException($"address {address} is no container address of {_options.Subnet}");
        await _attaching.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await OnceAsync(() => _attachments.Attach(containerId, address)).ConfigureAwait(false);
        }
        finally
        {
            _attaching.Release();
        }
    }

    /// <summary>
    /// Takes a container off the network and lets its namespace go. Doing so twice is fine. Nobody reaches it from
    /// the first moment on; when the task is done its device is gone too, and its address free.
    /// </summary>
    public async Task DetachAsync(string containerId)
    {
        ContainerNames.Check(containerId);
        await OnceAsync(() => _attachments.Retire(containerId)).ConfigureAwait(false);
        await _deleting.RequestAsync().ConfigureAwait(false);
    }

    /// <summary>All attached containers, also those of an earlier daemon.</summary>
    public Task<IReadOnlyList<ContainerNetwork>> ListAttachedAsync() => OnceAsync(_attachments.List);

    /// <summary>Removes containers' networks, devices and rules: when the node leaves the swarm.</summary>
    public async Task RemoveAllAsync()
    {
        _watch?.Dispose();
        _watch = null;
        await _thread.RunAsync(() =>
        {
            _attachments.RemoveAll();
            Kernel.Programmer.Clear();
            Kernel.Devices.Remove();
        }).ConfigureAwait(false);
    }

    /// <summary>Lets go of the network without changing it.</summary>
    public async ValueTask DisposeAsync()
    {
        _watch?.Dispose();
        await _thread.RunAsync(() => _kernel?.Dispose()).ConfigureAwait(false);
        _thread.Dispose();
        _attaching.Dispose();
    }

    private KernelSide Kernel => _kernel ?? throw new InvalidOperationException("the network is not open");

    private PeerNode Self => new("", _options.NodeAddress, _options.Subnet);

    private static void Check(NodeNetworkOptions options)
    {
        const int maxDeviceName = 15;
        if (NodeSubnet.Problem(options.Subnet) is { } problem)
            throw new ArgumentException(problem, nameof(options));
        if (!options.Pool.Contains(options.Subnet.BaseAddress))
            throw new ArgumentException($"subnet {options.Subnet} is outside the pool {options.Pool}", nameof(options));
        foreach (var name in (string[])[options.BridgeName, options.OverlayName])
        {
            if (name.Length is 0 or > maxDeviceName || !name.All(char.IsAsciiLetterOrDigit))
                throw new ArgumentException($"device name '{name}': 1 to {maxDeviceName} letters and digits");
        }
    }

    private Task<T> OnceAsync<T>(Func<T> work) => NetworkThread.OnceAsync("swarm-attach", _options.NamespacePath, work);

    private Task OnceAsync(Action work) => OnceAsync(NetworkThread.Answering(work));

    private void SetUp()
    {
        _kernel = KernelSide.Open(_options, _rules);
        _kernel.Programmer.Start();
        _kernel.Devices.SetUp();
        _attachments.Sweep();
    }

    private Task CheckRulesAsync(List<uint> touching, bool lost) =>
        _thread.RunAsync(() => Kernel.Programmer.Check(touching, lost));
}
