using System.Diagnostics;
using System.Net;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Tests.Lab;

/// <summary>One host of a <see cref="TestLab"/> with its daemon's network.</summary>
internal sealed class TestHost(string name, IPAddress address, IPNetwork subnet, string path, string directory)
    : IAsyncDisposable
{
    public const ushort ProtectedPort = 2377;
    private readonly List<TestServer> _servers = [];
    private readonly AddressPool _pool = new(subnet, []);
    private NodeNetwork? _network;

    public string Name => name;

    public IPAddress Address => address;

    /// <summary>File of the host's namespace.</summary>
    public string NamespacePath => path;

    public PeerNode AsPeer => new(name, address, subnet);

    public NodeNetwork Network => _network ?? throw new InvalidOperationException("not open");

    public async Task OpenAsync() => _network = await NodeNetwork.OpenAsync(new NodeNetworkOptions
    {
        Subnet = subnet,
        NodeAddress = address,
        RunDirectory = Path.Combine(directory, "run-" + name),
        ProtectedPorts = [ProtectedPort],
        NamespacePath = path,
    });

    /// <summary>The daemon ends; the network stays.</summary>
    public async Task CloseAsync()
    {
        if (_network is { } network)
            await network.DisposeAsync();
        _network = null;
    }

    /// <summary>A container with an address; nothing runs in it yet.</summary>
    public async Task<ContainerNetwork> AttachAsync(string id)
    {
        Assert.True(_pool.TryAllocate(out var container));
        return await Network.AttachAsync(id, container, CancellationToken.None);
    }

    /// <summary>A container with a server that answers its own id.</summary>
    public async Task<TestServer> ServeAsync(string id, ushort port)
    {
        var container = await AttachAsync(id);
        var server = await TestServer.StartAsync(container.NamespacePath, container.Address, port, id);
        _servers.Add(server);
        return server;
    }

    /// <summary>Runs a command in the host's namespace; returns its output.</summary>
    public Task<string> RunAsync(string command, params string[] arguments) =>
        NetworkThread.OnceAsync("test-command", path, () =>
        {
            var start = new ProcessStartInfo(command, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)}: {error}");
            return output;
        });

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (_network is null && Directory.Exists(Path.Combine(directory, "run-" + name)))
            await OpenAsync();
        if (_network is not null)
            await _network.RemoveAllAsync();
        await CloseAsync();
    }
}
