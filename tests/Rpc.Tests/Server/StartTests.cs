using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Server;

/// <summary>What must not start, and how a server stops.</summary>
public sealed class StartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-rpc-start-").FullName;

    private string SocketPath => Path.Combine(_directory, "rpc.sock");

    [Fact]
    public async Task Every_fault_of_the_registration_is_listed()
    {
        RpcService[] services =
        [
            new RpcService(ProbeReflection.Descriptor.Services[0])
                .Unary<Note, Note>("Echo", (n, _) => Task.FromResult(n))
                .Unary<Note, Note>("Count", (n, _) => Task.FromResult(n))
                .ClientStream<Note, Empty>("Sum", (_, _) => Task.FromResult(new Empty()))
                .Unary<Note, Note>("Elsewhere", (n, _) => Task.FromResult(n)),
            new RpcService(ProbeReflection.Descriptor.Services[2])
                .Unary<Note, Note>("Undeclared", (n, _) => Task.FromResult(n))
                .Unary<Note, Note>("Unspecified", (n, _) => Task.FromResult(n)),
        ];
        RpcConfigurationException e = await Assert.ThrowsAsync<RpcConfigurationException>(() => Start(services));
        Assert.Equal(
            [
                "swarm.rpc.probe.Probe has no method Elsewhere, but a handler for it is registered",
                "/swarm.rpc.probe.Probe/Count is declared as ServerStream, its handler is Unary",
                "/swarm.rpc.probe.Probe/Sum takes Note and answers Note, not Note and Empty",
                "/swarm.rpc.probe.Probe/Chat has no handler",
                "/swarm.rpc.probe.Careless/Undeclared does not declare who may call it: add option (swarm.v1.allowed)",
                "/swarm.rpc.probe.Careless/Unspecified allows a role that does not exist",
            ],
            e.Faults);
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task Every_service_of_the_protocol_declares_its_roles()
    {
        await Task.CompletedTask;
        IEnumerable<string> undeclared =
            from file in typeof(Protocol.V1.CallerRole).Assembly.GetTypes()
                .Where(t => t.Name.EndsWith("Reflection", StringComparison.Ordinal))
                .Select(t => t.GetProperty("Descriptor")?.GetValue(null))
                .OfType<Google.Protobuf.Reflection.FileDescriptor>()
            from service in file.Services
            from method in service.Methods
            where method.GetOptions()?.GetExtension(Protocol.V1.RolesExtensions.Allowed) is not { Count: > 0 }
            select method.FullName;
        Assert.Empty(undeclared);
    }

    [Fact]
    public async Task Socket_is_private_and_gone_after_the_stop()
    {
        await using (await Start(new ProbeService().Services()))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        }
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task Directory_that_others_may_enter_is_refused_with_the_remedy()
    {
        File.SetUnixFileMode(_directory, File.GetUnixFileMode(_directory) | UnixFileMode.OtherExecute);
        RpcConfigurationException e = await Assert.ThrowsAsync<RpcConfigurationException>(() => Start([]));
        Assert.Contains($"chmod 700 {_directory}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relative.sock")]
    [InlineData("/a-path-that-is-longer-than-the-kernel-takes-"
        + "0000000000000000000000000000000000000000000000000000000000000/x")]
    public async Task Socket_path_that_cannot_be_bound_is_refused(string path)
    {
        var options = new RpcServerOptions { UnixSockets = [path] };
        await Assert.ThrowsAsync<RpcConfigurationException>(() => RpcServer.StartAsync(options, [], default));
    }

    [Fact]
    public async Task Socket_in_use_is_refused_and_a_stale_one_is_replaced()
    {
        await using (RpcServer first = await Start(new ProbeService().Services()))
        {
            RpcConfigurationException e = await Assert.ThrowsAsync<RpcConfigurationException>(() => Start([]));
            Assert.Contains("another process listens", e.Message, StringComparison.Ordinal);
        }
        using (var stale = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, default))
        {
            stale.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(SocketPath + "2"));
            File.Move(SocketPath + "2", SocketPath);
        }
        await using RpcServer second = await Start(new ProbeService().Services());
        await using RpcChannel channel = RpcChannel.ForUnixSocket(SocketPath);
        await channel.UnaryAsync(ProbeMethods.Echo, new Note());
    }

    [Fact]
    public async Task Other_users_are_refused_on_the_socket()
    {
        await using RpcServer server = await Start(new ProbeService().Services());
        // What the file system would stop already is opened here, so that the server itself has to refuse.
        File.SetUnixFileMode(_directory, File.GetUnixFileMode(_directory) | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(SocketPath, (UnixFileMode)0b110_110_110);
        using Process other = Process.Start(new ProcessStartInfo("setpriv")
        {
            ArgumentList =
            {
                "--reuid=65534", "--regid=65534", "--clear-groups",
                "curl", "-s", "-i", "--http2-prior-knowledge", "--unix-socket",
                SocketPath, "-X", "POST", "-H", "content-type: application/grpc",
                "http://localhost/swarm.rpc.probe.Probe/Echo",
            },
            RedirectStandardOutput = true,
        })!;
        string answer = await other.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await other.WaitForExitAsync();
        Assert.Contains("grpc-status: 7", answer, StringComparison.Ordinal);
        Assert.Contains("user id 65534", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_ends_streams_at_once_and_lets_unary_calls_finish()
    {
        var probe = new ProbeService();
        var finish = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        RpcServer server = await Start([
            probe.Services()[0],
            new RpcService(ProbeReflection.Descriptor.Services[1])
                .Unary<Note, Note>("ForLocal", async (n, _) => { entered.SetResult(); await finish.Task; return n; })
                .Unary<Note, Note>("ForManager", (n, _) => Task.FromResult(n))
                .Unary<Note, Note>("ForWorker", (n, _) => Task.FromResult(n))
                .Unary<Note, Note>("ForAnyone", (n, _) => Task.FromResult(n)),
        ]);
        await using RpcChannel channel = RpcChannel.ForUnixSocket(SocketPath);
        await using DuplexCall<Note, Note> chat = channel.Duplex(ProbeMethods.Chat);
        await chat.WriteAsync(new Note());
        await probe.Waiting.WaitAsync(Patience);
        Task<Note> unary = channel.UnaryAsync(ProbeMethods.Door("ForLocal"), new Note { Text = "kept" });
        await entered.Task.WaitAsync(Patience);

        Task stop = server.StopAsync(Patience);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (Note note in chat.ReadAllAsync()) Assert.NotNull(note);
        });
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        RpcException late = await Assert.ThrowsAsync<RpcException>(
            () => channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, late.Code);
        finish.SetResult();
        Assert.Equal("kept", (await unary).Text);
        await stop.WaitAsync(Patience);
        await server.DisposeAsync();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private Task<RpcServer> Start(RpcService[] services) =>
        RpcServer.StartAsync(new RpcServerOptions { UnixSockets = [SocketPath] }, services, default);
}
