using System.Net;
using System.Net.Sockets;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Setup;
using Swarm.RoutingMesh.Tests.Lab;
using static Swarm.RoutingMesh.Tests.Lab.Mesh;

namespace Swarm.RoutingMesh.Tests;

public sealed class MeshTests
{
    private static readonly IPAddress Loopback = IPAddress.Loopback;

    [Fact]
    public async Task Every_host_reaches_every_task_evenly()
    {
        await using var lab = await TestLab.StartClusterAsync(3);
        var servers = await ServersAsync(lab);
        await lab.ApplyAsync(Publish(7, servers));
        Assert.All(lab.Hosts, host => Assert.Equal(7u, host.Network.AppliedVersion));

        foreach (var host in lab.Hosts)
        {
            foreach (var protocol in Protocols)
            {
                foreach (var address in lab.Hosts.Select(other => other.Address).Append(Loopback))
                    AssertEven(servers, await TallyAsync(host.NamespacePath, protocol, address, 9));
            }
        }
    }

    [Fact]
    public async Task Containers_reach_published_ports_and_also_themselves()
    {
        await using var lab = await TestLab.StartClusterAsync(3);
        var servers = await ServersAsync(lab);
        await lab.ApplyAsync(Publish(1, servers));
        var inside = (await lab.Hosts[0].Network.ListAttachedAsync())[0].NamespacePath;

        foreach (var protocol in Protocols)
        {
            foreach (var address in (IPAddress[])[IPAddress.Parse("10.88.1.1"), IPAddress.Parse("10.88.2.1"),
                lab.Hosts[0].Address, lab.Hosts[1].Address])
                AssertEven(servers, await TallyAsync(inside, protocol, address, 9));
        }
    }

    [Fact]
    public async Task Beside_a_foreign_bridge_whose_frames_are_filtered_all_works_as_well()
    {
        const string setting = "bridge/bridge-nf-call-iptables";
        await using var lab = await TestLab.StartAsync(2);
        foreach (var host in lab.Hosts)
        {
            await TestLab.InNamespaceAsync(host.NamespacePath, (links, _) =>
            {
                links.AddBridge("docker0", NodeSubnet.ContainerMac(host.Address), 1500);
                KernelSettings.SetIfPresent(setting, 1);
            });
        }

        await lab.JoinAsync();
        var neighbour = await lab.Hosts[0].ServeAsync("neighbour", 80);
        var servers = (TestServer[])[neighbour, .. await ServersAsync(lab)];
        await lab.ApplyAsync(Publish(1, servers));

        Assert.Equal("1\n", await lab.Hosts[0].RunAsync("cat", "/proc/sys/net/" + setting));
        foreach (var from in (await lab.Hosts[0].Network.ListAttachedAsync()).Select(found => found.NamespacePath)
            .Append(lab.Hosts[0].NamespacePath))
        {
            foreach (var protocol in Protocols)
            {
                AssertEven(servers, await TallyAsync(from, protocol, lab.Hosts[0].Address, 9));
                Assert.Equal("neighbour", (await TestClient.AskOnceAsync(
                    from, protocol, neighbour.Backend.Address, 80)).Name);
            }
        }
    }

    [Fact]
    public async Task Containers_of_different_nodes_see_each_others_address_and_the_outside_sees_the_nodes()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var server = await lab.Hosts[1].ServeAsync("there", 80);
        await using var outside = await TestServer.StartAsync(
            lab.Hosts[1].NamespacePath, lab.Hosts[1].Address, 9000, "outside");
        var here = await lab.Hosts[0].AttachAsync("here");

        foreach (var protocol in Protocols)
        {
            Assert.Equal(
                ("there", here.Address.ToString()),
                await TestClient.AskOnceAsync(here.NamespacePath, protocol, server.Backend.Address, 80));
            Assert.Equal(
                ("outside", lab.Hosts[0].Address.ToString()),
                await TestClient.AskOnceAsync(here.NamespacePath, protocol, lab.Hosts[1].Address, 9000));
        }
    }

    [Fact]
    public async Task Withdrawing_a_backend_fails_no_new_connection()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var one = await lab.Hosts[0].ServeAsync("one", 80);
        var two = await lab.Hosts[1].ServeAsync("two", 80);
        await lab.ApplyAsync(Publish(1, one, two));
        using var stop = new CancellationTokenSource();

        var load = Enumerable.Range(0, 4)
            .Select(at => LoadAsync(lab.Hosts[at % 2], lab.Hosts[0].Address, stop.Token)).ToList();
        for (ulong version = 2; version < 150; version++)
            await lab.ApplyAsync(version % 2 == 0 ? Publish(version, one) : Publish(version, one, two));
        await stop.CancelAsync();

        Assert.True((await Task.WhenAll(load)).Sum() > 0);
    }

    [Fact]
    public async Task Restarts_of_the_daemon_and_full_replacements_fail_no_new_connection()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var (one, two) = (await lab.Hosts[0].ServeAsync("one", 80), await lab.Hosts[1].ServeAsync("two", 80));
        await lab.ApplyAsync(Publish(1, one, two));
        using var stop = new CancellationTokenSource();

        var load = Enumerable.Range(0, 4)
            .Select(at => LoadAsync(lab.Hosts[at % 2], lab.Hosts[0].Address, stop.Token)).ToList();
        for (ulong version = 2; version < 7; version++)
        {
            await lab.Hosts[0].CloseAsync();
            await lab.Hosts[0].OpenAsync();
            await lab.Hosts[0].Network.UpdatePeersAsync([lab.Hosts[1].AsPeer]);
            await lab.ApplyAsync(Publish(version, one, two));
        }

        await stop.CancelAsync();
        Assert.True((await Task.WhenAll(load)).Sum() > 0);
    }

    /// <summary>Of the node itself: what its first packet misses is confirmed before it comes in again.</summary>
    [Fact]
    public async Task A_connection_whose_first_packet_met_no_rule_succeeds_when_it_is_repeated()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var host = lab.Hosts[0];
        await lab.ApplyAsync(Publish(1, await host.ServeAsync("one", 80)));
        await host.CloseAsync();

        foreach (var address in (IPAddress[])[Loopback, host.Address])
        {
            await host.RunAsync("nft", $"delete element inet swarm services {{ tcp . {Port} }}");
            var asked = TestClient.AskOnceAsync(host.NamespacePath, ProtocolType.Tcp, address, Port);
            await UntilAsync("the first packet is on its way", async () =>
                (await host.RunAsync("cat", "/proc/net/tcp")).Contains($":{Port:X4} 02 ", StringComparison.Ordinal));
            await host.RunAsync("nft", $"add element inet swarm services {{ tcp . {Port} : goto tcp-{Port} }}");
            Assert.Equal("one", (await asked).Name);
        }
    }

    [Fact]
    public async Task An_established_connection_stays_with_a_withdrawn_backend_and_a_udp_flow_moves()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var one = await lab.Hosts[0].ServeAsync("one", 80);
        var two = await lab.Hosts[1].ServeAsync("two", 80);
        await lab.ApplyAsync(Publish(1, two));
        using var tcp = await TestClient.ConnectAsync(lab.Hosts[0].NamespacePath, ProtocolType.Tcp, Loopback, Port);
        using var udp = await TestClient.ConnectAsync(lab.Hosts[0].NamespacePath, ProtocolType.Udp, Loopback, Port);
        Assert.Equal("two", (await tcp.AskAsync()).Name);
        Assert.Equal("two", (await udp.AskAsync()).Name);

        await lab.ApplyAsync(Publish(2, one));

        Assert.Equal("two", (await tcp.AskAsync()).Name);
        Assert.Equal("one", (await udp.AskAsync()).Name);
        Assert.Equal("one", (await TestClient.AskOnceAsync(
            lab.Hosts[0].NamespacePath, ProtocolType.Tcp, Loopback, Port)).Name);
    }

    [Fact]
    public async Task A_udp_client_that_was_there_before_the_port_was_published_is_served()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var server = await lab.Hosts[1].ServeAsync("late", 80);
        using var client = await TestClient.ConnectAsync(
            lab.Hosts[1].NamespacePath, ProtocolType.Udp, lab.Hosts[0].Address, Port);
        await client.SendAsync();
        await Assert.ThrowsAnyAsync<SocketException>(client.AskAsync);

        await lab.ApplyAsync(Publish(1, server));

        Assert.Equal("late", (await client.AskAsync()).Name);
    }

    [Fact]
    public async Task A_port_without_backends_refuses_at_once_even_if_the_host_listens_there()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        await using var shadow = await TestServer.StartAsync(lab.Hosts[0].NamespacePath, IPAddress.Any, Port, "shadow");
        await lab.ApplyAsync(Publish(1));

        foreach (var host in lab.Hosts)
        {
            var refused = await Assert.ThrowsAsync<SocketException>(() => TestClient.AskOnceAsync(
                host.NamespacePath, ProtocolType.Tcp, lab.Hosts[0].Address, Port));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
            refused = await Assert.ThrowsAsync<SocketException>(() => TestClient.AskOnceAsync(
                host.NamespacePath, ProtocolType.Udp, lab.Hosts[0].Address, Port));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }

        await lab.ApplyAsync(new MeshTable(2, []));
        Assert.True(await AnswersAsync(lab.Hosts[1].NamespacePath, lab.Hosts[0].Address, Port));
    }

    [Fact]
    public async Task A_client_keeps_its_address_when_the_task_is_on_the_node_it_asked()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var server = await lab.Hosts[0].ServeAsync("local", 80);
        var published = new PublishedService("h", MeshProtocol.Tcp, Port, PublishMode.Host, [server.Backend]);
        await lab.Hosts[0].Network.ApplyAsync(new MeshTable(1, [published]));

        Assert.Equal(
            ("local", lab.Hosts[1].Address.ToString()),
            await TestClient.AskOnceAsync(lab.Hosts[1].NamespacePath, ProtocolType.Tcp, lab.Hosts[0].Address, Port));
        Assert.False(await AnswersAsync(lab.Hosts[0].NamespacePath, lab.Hosts[1].Address, Port));
    }

    private static async Task<TestServer[]> ServersAsync(TestLab lab)
    {
        var servers = new List<TestServer>();
        foreach (var host in lab.Hosts)
            servers.Add(await host.ServeAsync("task-on-" + host.Name, 80));
        return [.. servers];
    }

    private static void AssertEven(TestServer[] servers, Dictionary<string, int> tally)
    {
        Assert.Equal(servers.Select(server => server.Name), tally.Keys.Order(StringComparer.Ordinal));
        // A request whose answer was lost on a busy machine is sent again, and its first task was one further.
        var even = tally.Values.Sum() / servers.Length;
        Assert.All(tally.Values, count => Assert.InRange(count, even - 1, even + 1));
    }

    private static async Task<int> LoadAsync(TestHost host, IPAddress address, CancellationToken stop)
    {
        var answered = 0;
        while (!stop.IsCancellationRequested)
        {
            await TestClient.AskOnceAsync(host.NamespacePath, ProtocolType.Tcp, address, Port);
            answered++;
        }

        return answered;
    }
}
