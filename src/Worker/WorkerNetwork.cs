using System.Collections.Concurrent;
using System.Net;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.RoutingMesh;
using Swarm.RoutingMesh.Core;

namespace Swarm.Worker;

/// <summary>
/// The node's network as the worker uses it: follows the leader's mesh and peers, gives containers their addresses,
/// and adds the ports that are published on this node alone. One change at a time.
/// </summary>
public sealed class WorkerNetwork : INodeDataPlane, IAsyncDisposable
{
    private readonly WorkerNetworkOptions _options;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly MeshBook _book = new();
    private readonly HostPortBook _hostPorts;
    private readonly ConcurrentDictionary<string, ContainerNetwork> _attached = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, PeerNode> _peers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _detachLater = new(StringComparer.Ordinal);
    private NodeNetwork? _network;
    private AddressPool? _addresses;
    private string _subnet = "";

    /// <summary>Nothing is touched before the leader told this node its subnet.</summary>
    public WorkerNetwork(WorkerNetworkOptions options)
    {
        _options = options;
        _hostPorts = new HostPortBook(Path.Combine(options.DataDirectory, "hostports"));
    }

    /// <inheritdoc/>
    public Task SetUpAsync(string nodeSubnet, string addressPool, CancellationToken ct) => AloneAsync(
        async () =>
        {
            if (_subnet == nodeSubnet)
            {
                return;
            }

            if (_network is not null)
            {
                throw new IOException(
                    $"this node's subnet changed from {_subnet} to {nodeSubnet}; restart swarmd with no containers "
                        + "running");
            }

            var subnet = IPNetwork.Parse(nodeSubnet);
            var network = await NodeNetwork.OpenAsync(new NodeNetworkOptions
            {
                Subnet = subnet,
                NodeAddress = _options.NodeAddress,
                Pool = IPNetwork.Parse(addressPool),
                RunDirectory = _options.RunDirectory,
                ProtectedPorts = _options.ProtectedPorts,
                Log = _options.Log,
            }).ConfigureAwait(false);
            var attached = await network.ListAttachedAsync().ConfigureAwait(false);
            _addresses = new AddressPool(subnet, attached.Select(a => a.Address));
            foreach (var container in attached)
            {
                _attached[container.ContainerId] = container;
            }

            _hostPorts.Load(attached.ToDictionary(a => a.ContainerId, a => a.Address));
            _network = network;
            _subnet = nodeSubnet;
            foreach (var gone in _detachLater)
            {
                await network.DetachAsync(gone).ConfigureAwait(false);
                await Freed(gone).ConfigureAwait(false);
            }

            _detachLater.Clear();
        },
        ct);

    /// <inheritdoc/>
    public Task ApplyPeersAsync(PeerUpdate update, CancellationToken ct) => AloneAsync(
        () =>
        {
            if (update.Complete)
            {
                _peers.Clear();
            }

            foreach (var peer in update.Peers)
            {
                _peers[peer.NodeId] = new PeerNode(
                    peer.NodeId, IPAddress.Parse(peer.Address), IPNetwork.Parse(peer.Subnet));
            }

            foreach (var gone in update.RemovedNodeIds)
            {
                _peers.Remove(gone);
            }

            return Network().UpdatePeersAsync([.. _peers.Values]);
        },
        ct);

    /// <inheritdoc/>
    public Task ApplyMeshAsync(MeshUpdate update, CancellationToken ct) => AloneAsync(
        () =>
        {
            _book.Take(update);
            return ProgramAsync();
        },
        ct);

    /// <summary>A network namespace with an address for a task; the same one when it has one already.</summary>
    /// <exception cref="TaskRejectedException">The subnet is full.</exception>
    internal async Task<ContainerNetwork> AttachAsync(string taskId, CancellationToken ct)
    {
        IPAddress address;
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (_attached.TryGetValue(taskId, out var known) && known.IsJoinable)
            {
                return known;
            }

            Network();
            if (!_addresses!.TryAllocate(out address))
            {
                throw new TaskRejectedException(
                    $"all {_addresses.Capacity} addresses of this node's subnet are in use");
            }
        }
        finally
        {
            _one.Release();
        }

        try
        {
            return _attached[taskId] = await Network().AttachAsync(taskId, address, ct).ConfigureAwait(false);
        }
        catch (MeshException e)
        {
            await AloneAsync(() => ReleaseAsync(address), CancellationToken.None).ConfigureAwait(false);
            throw new IOException(e.Message, e);
        }
        catch (OperationCanceledException)
        {
            await AloneAsync(() => ReleaseAsync(address), CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The address of a task that is attached; empty otherwise.</summary>
    internal string AddressOf(string taskId) =>
        _attached.TryGetValue(taskId, out var container) ? container.Address.ToString() : "";

    /// <summary>Takes a task off the network; its address is free again.</summary>
    internal async Task DetachAsync(string taskId, CancellationToken ct)
    {
        NodeNetwork? network = null;
        await AloneAsync(
            async () =>
            {
                network = _network;
                if (network is null)
                {
                    // It ended before this daemon knew its network: it is taken off as soon as there is one.
                    _detachLater.Add(taskId);
                }
                else if (_hostPorts.Withdraw(taskId))
                {
                    await ProgramAsync().ConfigureAwait(false);
                }
            },
            ct).ConfigureAwait(false);
        if (network is null)
        {
            return;
        }

        // Many at once: the kernel takes its time to delete a device, and about the same for fifty.
        await KernelAsync(() => network.DetachAsync(taskId)).ConfigureAwait(false);
        await AloneAsync(() => Freed(taskId), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Publishes ports of publish mode host for a task that is about to run.</summary>
    internal Task PublishHostPortsAsync(
        string taskId, IPAddress address, IReadOnlyCollection<PortConfig> ports, CancellationToken ct) => AloneAsync(
        () => ports.Count > 0 && _hostPorts.Publish(taskId, address, ports) ? ProgramAsync() : Task.CompletedTask, ct);

    /// <summary>The same for a container that a person runs; why it was not done, null when it was.</summary>
    internal async Task<string?> TryPublishAsync(
        string id, IPAddress address, IReadOnlyCollection<PortConfig> ports, CancellationToken ct)
    {
        string? reason = null;
        await AloneAsync(
            async () =>
            {
                reason = _hostPorts.Taken(id, ports) ?? _book.Taken(ports);
                if (reason is not null)
                {
                    return;
                }

                _hostPorts.Publish(id, address, ports);
                var refused = (await ApplyAsync().ConfigureAwait(false)).FirstOrDefault(r => r.ServiceId == id);
                reason = refused is null ? null : $"port {refused.Port} cannot be published: {refused.Reason}";
                if (refused is not null && _hostPorts.Withdraw(id))
                {
                    await ApplyAsync().ConfigureAwait(false);
                }
            },
            ct).ConfigureAwait(false);
        return reason;
    }

    /// <summary>Removes everything: the node leaves the swarm.</summary>
    public Task RemoveAllAsync(CancellationToken ct) => AloneAsync(
        async () =>
        {
            if (_network is not null)
            {
                await _network.RemoveAllAsync().ConfigureAwait(false);
                await _network.DisposeAsync().ConfigureAwait(false);
                _network = null;
                _subnet = "";
            }

            _attached.Clear();
            _hostPorts.Clear();
        },
        ct);

    /// <summary>Lets go of the kernel's side without changing it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_network is not null)
        {
            await _network.DisposeAsync().ConfigureAwait(false);
        }

        _one.Dispose();
    }

    private async Task ProgramAsync()
    {
        foreach (var refused in await ApplyAsync().ConfigureAwait(false))
        {
            _options.Log($"not published on this node: {refused}");
        }
    }

    private Task<IReadOnlyList<RefusedEntry>> ApplyAsync() => Network().ApplyAsync(
        new MeshTable(_book.Version, [.. _book.Services(), .. _hostPorts.Services()]));

    private Task Freed(string id)
    {
        if (_attached.TryRemove(id, out var known))
        {
            _addresses!.Release(known.Address);
        }

        return Task.CompletedTask;
    }

    private Task ReleaseAsync(IPAddress address)
    {
        _addresses!.Release(address);
        return Task.CompletedTask;
    }

    private NodeNetwork Network() => _network ?? throw new InvalidOperationException(
        "the network of this node is not set up: no manager has told it its subnet yet");

    private async Task AloneAsync(Func<Task> work, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await KernelAsync(work).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private static async Task KernelAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (MeshException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
