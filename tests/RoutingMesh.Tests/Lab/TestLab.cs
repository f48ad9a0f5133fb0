using System.Net;
using Swarm.RoutingMesh.Attach;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;

namespace Swarm.RoutingMesh.Tests.Lab;

/// <summary>
/// Several hosts of one test: network namespaces on a bridge that is in a namespace of its own. The
/// machine's own network is not touched. Disposing removes everything, also after a failure.
/// </summary>
internal sealed class TestLab : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-test-").FullName;
    private readonly List<TestHost> _hosts = [];
    private readonly NamespaceFiles _files;

    private TestLab()
    {
        _files = new NamespaceFiles(_directory);
        _files.Prepare();
    }

    public IReadOnlyList<TestHost> Hosts => _hosts;

    /// <summary>Hosts 10.99.0.11, .12, … that do not know each other yet.</summary>
    public static async Task<TestLab> StartAsync(int hosts)
    {
        var lab = new TestLab();
        try
        {
            await lab.InNewNamespaceAsync("switch", (links, _) =>
                links.AddBridge("br0", NodeSubnet.ContainerMac(IPAddress.Parse("10.99.0.1")), 1500));
            for (var at = 1; at <= hosts; at++)
                await lab.AddHostAsync(at);
            return lab;
        }
        catch (Exception)
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Hosts with an open network that know each other, as in a cluster.</summary>
    public static async Task<TestLab> StartClusterAsync(int hosts)
    {
        var lab = await StartAsync(hosts);
        try
        {
            await lab.JoinAsync();
            return lab;
        }
        catch (Exception)
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the networks of all hosts and makes them known to each other.</summary>
    public async Task JoinAsync()
    {
        foreach (var host in _hosts)
            await host.OpenAsync();
        foreach (var host in _hosts)
        {
            var others = _hosts.Where(peer => peer != host).Select(peer => peer.AsPeer);
            await host.Network.UpdatePeersAsync([.. others]);
        }
    }

    /// <summary>Puts the same table on all hosts.</summary>
    public async Task ApplyAsync(MeshTable table)
    {
        foreach (var host in _hosts)
            Assert.Empty(await host.Network.ApplyAsync(table));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        foreach (var id in _files.Ids())
            _files.Drop(id);
        Directory.Delete(_directory, true);
    }

    private async Task AddHostAsync(int at)
    {
        var name = $"n{at}";
        var address = IPAddress.Parse($"10.99.0.{10 + at}");
        await InNewNamespaceAsync(name, (links, _) => links.SetUp(links.Get("lo").Index));
        await NetworkThread.OnceAsync("test-switch", _files.Path("switch"), () =>
        {
            using var socket = new NetlinkSocket(NetlinkSocket.RouteProtocol);
            using var file = File.OpenHandle(_files.Path(name));
            var links = new Links(socket);
            links.AddPair(name, links.Get("br0").Index, 1500,
                new PairPeer("uplink", NodeSubnet.ContainerMac(address), (int)file.DangerousGetHandle()));
            return true;
        });
        await InNamespaceAsync(_files.Path(name), (links, routes) =>
        {
            links.SetUp(links.Get("uplink").Index);
            routes.PutAddress(links.Get("uplink").Index, address, 24);
        });
        _hosts.Add(new TestHost(name, address, IPNetwork.Parse($"10.88.{at}.0/24"), _files.Path(name), _directory));
    }

    private Task InNewNamespaceAsync(string name, Action<Links, Routes> work) =>
        NetworkThread.OnceAsync("test-namespace", null, () =>
        {
            _files.Create(name);
            Run(work);
            return true;
        });

    public static Task InNamespaceAsync(string path, Action<Links, Routes> work) =>
        NetworkThread.OnceAsync("test-namespace", path, () =>
        {
            Run(work);
            return true;
        });

    private static void Run(Action<Links, Routes> work)
    {
        using var socket = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        work(new Links(socket), new Routes(socket));
    }
}
