using System.Net;
using System.Net.Sockets;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Rules;
using Swarm.RoutingMesh.Tests.Lab;
using static Swarm.RoutingMesh.Tests.Lab.Mesh;

namespace Swarm.RoutingMesh.Tests;

public sealed class LifeTests
{
    [Fact]
    public async Task Rules_that_somebody_flushed_come_back()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var server = await lab.Hosts[1].ServeAsync("steady", 80);
        await lab.ApplyAsync(Publish(1, server));
        var host = lab.Hosts[0];
        var rules = await RulesAsync(host);

        foreach (var attack in (string[])["flush ruleset", "delete table inet swarm", "flush chain inet swarm guard",
            "delete element inet swarm services { tcp . 8080 }", "add rule inet swarm guard accept"])
        {
            var repairs = host.Network.Repairs;
            await host.RunAsync("nft", attack);
            await UntilAsync("the rules are back", () => Task.FromResult(host.Network.Repairs > repairs));
            Assert.Equal(rules, await RulesAsync(host));
            Assert.True(await AnswersAsync(host.NamespacePath, IPAddress.Loopback, Port));
        }
    }

    [Fact]
    public async Task Foreign_tables_are_neither_touched_nor_a_reason_to_act()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var host = lab.Hosts[0];

        await host.RunAsync("nft", "add", "table", "ip", "foreign");
        await host.RunAsync("nft", "add", "chain", "ip", "foreign", "mine");
        await host.Network.ApplyAsync(new MeshTable(1, [new PublishedService(
            "s", MeshProtocol.Tcp, 80, PublishMode.Ingress, [new MeshBackend(IPAddress.Parse("10.88.1.2"), 80)])]));
        await host.Network.RemoveAllAsync();

        Assert.Equal(0, host.Network.Repairs);
        Assert.Equal("table ip foreign {\n\tchain mine {\n\t}\n}\n", await host.RunAsync("nft", "list", "ruleset"));
    }

    [Fact]
    public async Task A_restarted_daemon_takes_everything_over_undisturbed()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var (host, other) = (lab.Hosts[0], lab.Hosts[1]);
        var server = await other.ServeAsync("steady", 80);
        await host.AttachAsync("a");
        await host.AttachAsync("b");
        await lab.ApplyAsync(Publish(1, server));
        var attached = await host.Network.ListAttachedAsync();
        using var client = await TestClient.ConnectAsync(
            host.NamespacePath, ProtocolType.Tcp, IPAddress.Loopback, Port);
        await client.AskAsync();

        await host.CloseAsync();
        Assert.True(await AnswersAsync(host.NamespacePath, IPAddress.Loopback, Port));
        await host.OpenAsync();
        Assert.True(await AnswersAsync(host.NamespacePath, IPAddress.Loopback, Port));
        await host.Network.UpdatePeersAsync([other.AsPeer]);
        await host.Network.ApplyAsync(Publish(1, server));

        Assert.Equal("steady", (await client.AskAsync()).Name);
        Assert.True(await AnswersAsync(host.NamespacePath, IPAddress.Loopback, Port));
        Assert.Equal(["a", "b"], attached.Select(found => found.ContainerId));
        Assert.Equal(attached, await host.Network.ListAttachedAsync());
        Assert.Equal(0, host.Network.Repairs);
    }

    [Fact]
    public async Task Peers_of_a_former_life_are_removed()
    {
        await using var lab = await TestLab.StartClusterAsync(3);
        var host = lab.Hosts[0];
        await host.CloseAsync();
        await host.OpenAsync();

        await host.Network.UpdatePeersAsync([lab.Hosts[2].AsPeer]);

        var routes = await host.RunAsync("ip", "route", "show", "dev", "swarmvx0");
        Assert.Contains("10.88.3.0/24", routes, StringComparison.Ordinal);
        Assert.DoesNotContain("10.88.2.0/24", routes, StringComparison.Ordinal);
        var forwarding = await host.RunAsync("bridge", "fdb", "show", "dev", "swarmvx0");
        Assert.DoesNotContain("10.99.0.12", forwarding, StringComparison.Ordinal);
        var neighbours = await host.RunAsync("ip", "neigh", "show", "dev", "swarmvx0");
        Assert.DoesNotContain("10.88.2.1", neighbours, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attaching_twice_is_the_same_and_detaching_twice_is_fine()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var network = lab.Hosts[0].Network;
        var address = IPAddress.Parse("10.88.1.9");

        var first = await network.AttachAsync("c", address, CancellationToken.None);
        Assert.Equal(first, await network.AttachAsync("c", address, CancellationToken.None));
        await Assert.ThrowsAsync<MeshException>(() =>
            network.AttachAsync("c", IPAddress.Parse("10.88.1.10"), CancellationToken.None));
        await network.DetachAsync("c");
        await network.DetachAsync("c");

        Assert.Empty(await network.ListAttachedAsync());
        Assert.False(File.Exists(first.NamespacePath));
    }

    [Fact]
    public async Task Many_are_detached_together_and_their_addresses_serve_again()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var (host, count) = (lab.Hosts[0], 20);
        var before = Names(await host.RunAsync("ip", "-br", "link"));
        foreach (var turn in (int[])[1, 2])
        {
            var attached = await Task.WhenAll(Enumerable.Range(0, count).Select(n => host.Network.AttachAsync(
                $"c{n}", IPAddress.Parse($"10.88.1.{10 + n}"), CancellationToken.None)));

            await Task.WhenAll(attached.Select(container => host.Network.DetachAsync(container.ContainerId)));

            Assert.Equal(before, Names(await host.RunAsync("ip", "-br", "link")));
            Assert.DoesNotContain(attached, container => File.Exists(container.NamespacePath));
        }
    }

    [Fact]
    public async Task A_device_that_an_ended_daemon_took_off_the_bridge_is_deleted_at_the_next_start()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var host = lab.Hosts[0];
        var device = (await host.AttachAsync("late")).HostDevice;
        await host.CloseAsync();
        await host.RunAsync("ip", "link", "set", device, "down", "nomaster", "group", "1937204071");

        await host.OpenAsync();

        Assert.DoesNotContain(device, Names(await host.RunAsync("ip", "-br", "link")));
    }

    [Theory]
    [InlineData("../evil", "10.88.1.9")]
    [InlineData("", "10.88.1.9")]
    [InlineData("c", "10.88.2.9")]
    [InlineData("c", "10.88.1.1")]
    public async Task Unfit_ids_and_addresses_are_refused(string id, string address)
    {
        await using var lab = await TestLab.StartClusterAsync(1);

        await Assert.ThrowsAsync<ArgumentException>(() =>
            lab.Hosts[0].Network.AttachAsync(id, IPAddress.Parse(address), CancellationToken.None));
    }

    [Fact]
    public async Task An_interrupted_attachment_is_swept_at_the_next_start()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var host = lab.Hosts[0];
        var container = await host.AttachAsync("half");
        await host.CloseAsync();
        await host.RunAsync("ip", "link", "delete", container.HostDevice);

        await host.OpenAsync();

        Assert.Empty(await host.Network.ListAttachedAsync());
        Assert.False(File.Exists(container.NamespacePath));
    }

    [Fact]
    public async Task A_node_with_another_subnet_is_refused_until_it_left()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        await lab.Hosts[0].CloseAsync();
        await TestLab.InNamespaceAsync(lab.Hosts[0].NamespacePath, (links, routes) =>
            routes.PutAddress(links.Get("swarm0").Index, IPAddress.Parse("10.88.9.1"), 24));

        var refused = await Assert.ThrowsAsync<MeshException>(lab.Hosts[0].OpenAsync);

        Assert.Contains("leave the swarm first", refused.Message, StringComparison.Ordinal);
        await lab.Hosts[0].RunAsync("ip", "addr", "del", "10.88.9.1/24", "dev", "swarm0");
    }

    [Fact]
    public async Task Without_the_library_the_command_does_the_same()
    {
        await using var lab = await TestLab.StartClusterAsync(1);
        var host = lab.Hosts[0];
        await NetworkThread.OnceAsync("test-nft", host.NamespacePath, () =>
        {
            using var nft = new NftCommand();
            nft.Run("add table ip foreign\n");
            Assert.Contains("nftables refused", Assert.Throws<MeshException>(() =>
                nft.Run("add chain ip absent mine\n")).Message, StringComparison.Ordinal);
            return true;
        });

        Assert.Contains("table ip foreign", await RulesAsync(host), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaving_removes_everything()
    {
        await using var lab = await TestLab.StartClusterAsync(2);
        var host = lab.Hosts[0];
        var server = await host.ServeAsync("gone", 80);
        await lab.ApplyAsync(Publish(1, server));

        await host.Network.RemoveAllAsync();

        Assert.Equal("", await host.RunAsync("nft", "list", "ruleset"));
        Assert.Equal(["lo", "uplink"], Names(await host.RunAsync("ip", "-br", "link")));
        Assert.DoesNotContain("10.88.", await host.RunAsync("ip", "route"), StringComparison.Ordinal);
    }

    private static List<string> Names(string links) =>
        [.. links.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', '@')[0])];

    private static Task<string> RulesAsync(TestHost host) => host.RunAsync("nft", "list", "ruleset");
}
