using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;
using Swarm.RoutingMesh.Setup;
using Swarm.RoutingMesh.Tests.Lab;
using static Swarm.RoutingMesh.Tests.Lab.Mesh;

namespace Swarm.RoutingMesh.Tests;

public sealed class IsolationTests
{
    [Fact]
    public async Task A_container_cannot_use_the_hosts_loopback_addresses()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var host = lab.Hosts[0];
        await using var secret = await TestServer.StartAsync(host.NamespacePath, IPAddress.Loopback, 9999, "secret");
        var attacker = await host.AttachAsync("attacker");
        await TestLab.InNamespaceAsync(attacker.NamespacePath, RouteLoopbackOut);

        Assert.False(await AnswersAsync(attacker.NamespacePath, IPAddress.Loopback, 9999));

        // Without our table the attack works: the test would notice a missing rule.
        await host.CloseAsync();
        await host.RunAsync("nft", "delete", "table", "inet", "swarm");
        Assert.True(await AnswersAsync(attacker.NamespacePath, IPAddress.Loopback, 9999));
    }

    [Fact]
    public async Task The_hosts_own_devices_do_not_route_loopback_addresses()
    {
        await using var lab = await TestLab.StartClusterAsync(1);

        foreach (var device in (string[])["all", "default", "uplink"])
        {
            Assert.Equal("0\n", await lab.Hosts[0].RunAsync(
                "cat", $"/proc/sys/net/ipv4/conf/{device}/route_localnet"));
        }
    }

    [Fact]
    public async Task A_container_cannot_reach_the_daemons_port_on_any_node()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var container = await lab.Hosts[0].AttachAsync("curious");
        foreach (var host in lab.Hosts)
        {
            await using var daemon = await TestServer.StartAsync(
                host.NamespacePath, IPAddress.Any, TestHost.ProtectedPort, "daemon");

            Assert.False(await AnswersAsync(container.NamespacePath, host.Address, TestHost.ProtectedPort));
            Assert.True(await AnswersAsync(lab.Hosts[0].NamespacePath, host.Address, TestHost.ProtectedPort));
        }

        Assert.False(await AnswersAsync(container.NamespacePath, IPAddress.Parse("10.88.1.1"), TestHost.ProtectedPort));
    }

    [Fact]
    public async Task Nobody_outside_enters_a_container_but_through_a_published_port()
    {
        await using var lab = await TestLab.StartAsync(2);
        var (host, outsider) = (lab.Hosts[0], lab.Hosts[1]);
        await host.OpenAsync();
        var server = await host.ServeAsync("inner", 80);
        await TestLab.InNamespaceAsync(outsider.NamespacePath, (links, routes) => routes.PutSubnet(
            links.Get("uplink").Index, IPNetwork.Parse("10.88.1.0/24"), host.Address, outsider.Address));

        Assert.False(await AnswersAsync(outsider.NamespacePath, server.Backend.Address, 80));

        await host.Network.ApplyAsync(Publish(1, server));
        Assert.True(await AnswersAsync(outsider.NamespacePath, host.Address, Port));
        Assert.False(await AnswersAsync(outsider.NamespacePath, server.Backend.Address, 80));
    }

    [Fact]
    public async Task Only_nodes_of_the_cluster_send_to_the_overlay()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var (host, other) = (lab.Hosts[0], lab.Hosts[1]);
        var server = await host.ServeAsync("inner", 80);
        var sender = await other.AttachAsync("sender");
        using var client = await TestClient.ConnectAsync(
            sender.NamespacePath, ProtocolType.Udp, server.Backend.Address, 80);
        await client.AskAsync();

        await host.Network.UpdatePeersAsync([]);
        for (var at = 0; at < 20; at++)
            await client.SendAsync();
        await host.Network.UpdatePeersAsync([other.AsPeer]);
        await client.AskAsync();

        Assert.Equal(2, server.Datagrams);
    }

    [Fact]
    public async Task A_container_cannot_use_another_ones_network_address()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var server = await lab.Hosts[1].ServeAsync("inner", 80);
        var liar = await lab.Hosts[0].AttachAsync("liar");
        await TestLab.InNamespaceAsync(liar.NamespacePath, (links, routes) =>
            routes.PutAddress(links.Get("eth0").Index, IPAddress.Parse("10.88.2.77"), 32));

        using var client = await NetworkThreadSocketAsync(liar.NamespacePath, IPAddress.Parse("10.88.2.77"));
        await client.SendToAsync(new byte[1], new IPEndPoint(server.Backend.Address, 80));
        await TestClient.AskOnceAsync(liar.NamespacePath, ProtocolType.Udp, server.Backend.Address, 80);

        Assert.Equal(1, server.Datagrams);
    }

    private static Task<Socket> NetworkThreadSocketAsync(string path, IPAddress address) =>
        NetworkThread.OnceAsync("test-liar", path, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return socket;
        });

    /// <summary>What a hostile container with NET_ADMIN would do to reach 127.0.0.1 of its host.</summary>
    private static void RouteLoopbackOut(Links links, Routes routes)
    {
        DropLoopbackAddress();
        KernelSettings.Set("ipv4/conf/eth0/route_localnet", 1);
        var device = links.Get("eth0").Index;
        routes.PutSubnet(device, IPNetwork.Parse("127.0.0.0/8"), IPAddress.Parse("10.88.1.1"),
            routes.Addresses().Single(entry => entry.Device == device).Address);
    }

    private static void DropLoopbackAddress()
    {
        using var process = Process.Start("ip", ["addr", "flush", "dev", "lo"]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
