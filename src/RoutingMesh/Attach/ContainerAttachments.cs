using System.Net;
using System.Runtime.InteropServices;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;
using Swarm.RoutingMesh.Setup;

namespace Swarm.RoutingMesh.Attach;

/// <summary>
/// Gives a container its network namespace, address and way out. Each attachment runs on a thread of its
/// own, because that thread changes its namespace; several run at once.
/// </summary>
internal sealed class ContainerAttachments(NodeNetworkOptions options)
{
    /// <summary>"swcg": devices that only wait to be deleted. Nobody else's devices are ever put into it.</summary>
    private const uint RetiredGroup = 0x73776367;

    private readonly NamespaceFiles _files = new(options.RunDirectory);

    public string Path(string id) => _files.Path(id);

    /// <summary>Called on a thread in the node's namespace that ends afterwards.</summary>
    public ContainerNetwork Attach(string id, IPAddress address)
    {
        using var outside = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        var links = new Links(outside);
        if (Existing(links, id) is { } existing)
        {
            return existing.Address.Equals(address) && existing.IsJoinable
                ? existing
                : throw new MeshException($"container {id} is attached already with {existing.Address}");
        }

        Remove(links, id);
        try
        {
            Connect(links, id, address);
            return Describe(id, address);
        }
        catch (Exception)
        {
            Remove(links, id);
            throw;
        }
    }

    /// <summary>
    /// Takes the container off the network; nothing to do is fine. Its device waits for
    /// <see cref="DeleteRetired"/>.
    /// </summary>
    public void Retire(string id)
    {
        using var outside = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        new Links(outside).Retire(ContainerNames.Device(id), RetiredGroup);
        _files.Drop(id);
    }

    /// <summary>Deletes what was retired, together.</summary>
    public void DeleteRetired()
    {
        using var outside = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        new Links(outside).DeleteGroup(RetiredGroup);
    }

    /// <summary>Everybody on the bridge, from what the kernel knows.</summary>
    public IReadOnlyList<ContainerNetwork> List()
    {
        using var outside = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        var links = new Links(outside);
        if (links.Find(options.BridgeName) is not { } bridge)
            return [];
        return [.. links.All()
            .Where(link => link.Master == bridge.Index)
            .Select(link => ContainerNames.Parse(link.Alias))
            .OfType<(string Id, IPAddress Address)>()
            .Select(found => Describe(found.Id, found.Address))
            .OrderBy(found => found.ContainerId, StringComparer.Ordinal)];
    }

    /// <summary>Removes what an interrupted attachment left: files without a device, devices without a name.</summary>
    public void Sweep()
    {
        _files.Prepare();
        using var outside = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        var links = new Links(outside);
        links.DeleteGroup(RetiredGroup);
        var attached = List().Select(found => found.ContainerId).ToHashSet();
        foreach (var id in _files.Ids().Where(id => !attached.Contains(id)))
            Remove(links, id);
        var bridge = links.Get(options.BridgeName).Index;
        foreach (var nameless in links.All().Where(link => link.Master == bridge && link.Alias.Length == 0
            && link.Name.StartsWith(ContainerNames.DevicePrefix, StringComparison.Ordinal)))
            links.Delete(nameless.Name);
    }

    public void RemoveAll()
    {
        foreach (var attached in List())
            Retire(attached.ContainerId);
        DeleteRetired();
        _files.Prepare();
        foreach (var id in _files.Ids())
            _files.Drop(id);
        _files.DropDirectory();
    }

    private void Connect(Links links, string id, IPAddress address)
    {
        var bridge = links.Get(options.BridgeName).Index;
        var path = _files.Create(id);
        KernelSettings.Set("ipv4/ip_unprivileged_port_start", 0);
        KernelSettings.Set("ipv4/ping_group_range", "0 2147483647");
        KernelSettings.Set("ipv4/conf/all/accept_redirects", 0);
        KernelSettings.Set("ipv4/conf/default/accept_redirects", 0);
        KernelSettings.SetIfPresent("ipv6/conf/default/disable_ipv6", 1);
        KernelSettings.SetIfPresent("bridge/bridge-nf-call-iptables", 0);
        AddPair(links, bridge, (id, path, address));
        var device = links.Get(ContainerNames.Device(id)).Index;
        links.AllowHairpin(device);
        ConfigureInside(address);
        links.SetAlias(device, ContainerNames.Alias(id, address));
    }

    private void AddPair(Links links, int bridge, (string Id, string Path, IPAddress Address) container)
    {
        var descriptor = Native.Open(container.Path, Native.ReadCloseOnExec);
        if (descriptor < 0)
            throw Native.Failure($"open {container.Path}", Marshal.GetLastPInvokeError());
        try
        {
            var mac = NodeSubnet.ContainerMac(container.Address);
            var inner = new PairPeer(ContainerNames.InnerDevice, mac, descriptor);
            links.AddPair(ContainerNames.Device(container.Id), bridge, options.Mtu, inner);
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }

    private void ConfigureInside(IPAddress address)
    {
        using var inside = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        var (links, routes) = (new Links(inside), new Routes(inside));
        links.SetUp(links.Get("lo").Index);
        var device = links.Get(ContainerNames.InnerDevice).Index;
        links.SetUp(device);
        routes.PutAddress(device, address, options.Subnet.PrefixLength);
        routes.PutDefault(device, NodeSubnet.Gateway(options.Subnet));
    }

    /// <summary>A device off every bridge is a retired one.</summary>
    private ContainerNetwork? Existing(Links links, string id) =>
        links.Find(ContainerNames.Device(id)) is { Master: not 0 } link
            && ContainerNames.Parse(link.Alias) is { } found
            ? Describe(found.Id, found.Address)
            : null;

    private ContainerNetwork Describe(string id, IPAddress address)
    {
        var path = _files.Path(id);
        return new ContainerNetwork(id, address, path, ContainerNames.Device(id), Native.IsNamespaceFile(path));
    }

    private void Remove(Links links, string id)
    {
        links.Delete(ContainerNames.Device(id));
        _files.Drop(id);
    }
}
