using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Client;

/// <summary>Deadlines, cancellation, sizes, and peers that cannot be reached.</summary>
public sealed class FailureTests
{
    private const int MiB = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Deadline_ends_the_call_on_both_sides(string transport)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Over(transport);
        await channel.UnaryAsync(ProbeMethods.Echo, new Note());
        var options = new CallOptions { Deadline = TimeSpan.FromSeconds(1) };
        RpcException e = await Failure(channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" }, options));
        Assert.Equal(RpcStatusCode.DeadlineExceeded, e.Code);
        CallContext seen = await host.Probe.Waiting.WaitAsync(Patience);
        Assert.NotNull(seen.Deadline);
        await host.Probe.Cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task Deadline_is_never_reported_as_another_failure()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Unix();
        RpcStatusCode[] codes = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            var options = new CallOptions { Deadline = TimeSpan.FromMilliseconds(20 + i % 50) };
            return (await Failure(channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" }, options))).Code;
        }));
        Assert.Equal([RpcStatusCode.DeadlineExceeded], codes.Distinct());
    }

    [Fact]
    public async Task Deadline_in_the_past_sends_nothing()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        var options = new CallOptions { Deadline = TimeSpan.FromSeconds(-1) };
        RpcException e = await Failure(host.Unix().UnaryAsync(ProbeMethods.Echo, new Note(), options));
        Assert.Equal(RpcStatusCode.DeadlineExceeded, e.Code);
        Assert.Equal(0, host.Probe.Calls);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Cancellation_reaches_the_handler(string transport)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using var cancel = new CancellationTokenSource();
        Task<Note> call = host.Over(transport)
            .UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" }, null, cancel.Token);
        await host.Probe.Waiting.WaitAsync(Patience);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await host.Probe.Cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task Write_after_cancellation_is_a_cancellation_and_no_lost_connection()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using var cancel = new CancellationTokenSource();
        await using DuplexCall<Note, Note> call = host.Unix().Duplex(ProbeMethods.Chat, null, cancel.Token);
        await using IAsyncEnumerator<Note> answers = call.ReadAllAsync().GetAsyncEnumerator();
        await call.WriteAsync(new Note());
        Assert.True(await answers.MoveNextAsync());
        await cancel.CancelAsync();
        await host.Probe.Cancelled.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await call.WriteAsync(new Note()));
    }

    [Fact]
    public async Task Write_after_the_end_is_no_lost_connection()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        await using DuplexCall<Note, Note> call = host.Unix().Duplex(ProbeMethods.Chat);
        await using IAsyncEnumerator<Note> answers = call.ReadAllAsync().GetAsyncEnumerator();
        await call.WriteAsync(new Note());
        Assert.True(await answers.MoveNextAsync());
        await host.Server.StopAsync(TimeSpan.Zero);
        RpcException read = await Assert.ThrowsAsync<RpcException>(async () => await answers.MoveNextAsync());
        RpcException write = await Assert.ThrowsAsync<RpcException>(async () => await call.WriteAsync(new Note()));
        Assert.Equal((RpcStatusCode.Unavailable, "the server is stopping"), (read.Code, read.Message));
        Assert.Equal((RpcStatusCode.Unavailable, "the server is stopping"), (write.Code, write.Message));
    }

    [Fact]
    public async Task Disposing_a_stream_cancels_it_on_the_server()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        DuplexCall<Note, Note> call = host.Unix().Duplex(ProbeMethods.Chat);
        await call.WriteAsync(new Note());
        await host.Probe.Waiting.WaitAsync(Patience);
        await call.DisposeAsync();
        await host.Probe.Cancelled.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<Exception>(async () => await call.WriteAsync(new Note()));
    }

    [Fact]
    public async Task Requests_beyond_the_limit_are_not_sent()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        var note = new Note { Payload = ByteString.CopyFrom(new byte[4 * MiB]) };
        RpcException e = await Failure(host.Unix().UnaryAsync(ProbeMethods.Echo, note));
        Assert.Equal(RpcStatusCode.ResourceExhausted, e.Code);
        Assert.Contains("limit of 4194304 bytes", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, host.Probe.Calls);
    }

    [Fact]
    public async Task Server_refuses_what_a_careless_client_sends_and_the_connection_lives_on()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel careless = host.Unix(new RpcChannelOptions { MaxMessageBytes = 64 * MiB });
        var note = new Note { Payload = ByteString.CopyFrom(new byte[5 * MiB]) };
        RpcException e = await Failure(careless.UnaryAsync(ProbeMethods.Echo, note));
        Assert.Equal(RpcStatusCode.ResourceExhausted, e.Code);
        Assert.Equal(0, host.Probe.Calls);
        Assert.Equal("x", (await careless.UnaryAsync(ProbeMethods.Echo, new Note { Text = "x" })).Text);
    }

    [Fact]
    public async Task Answers_beyond_the_limit_are_refused_by_the_side_that_has_the_limit()
    {
        await using ProbeHost strict = await ProbeHost.StartAsync();
        var ask = new Note { Text = "large", Number = 5 * MiB };
        RpcChannel open = strict.Unix(new RpcChannelOptions { MaxMessageBytes = 64 * MiB });
        Assert.Equal(RpcStatusCode.ResourceExhausted, (await Failure(open.UnaryAsync(ProbeMethods.Echo, ask))).Code);

        await using ProbeHost careless = await ProbeHost.StartAsync(new RpcServerLimits { MaxMessageBytes = 64 * MiB });
        RpcException e = await Failure(careless.Unix().UnaryAsync(ProbeMethods.Echo, ask));
        Assert.Equal(RpcStatusCode.ResourceExhausted, e.Code);
        Assert.Contains("limit of 4194304 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ends_a_client_stream_early_and_the_writer_learns_it()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        await using ClientStreamCall<Note, Note> call = host.Unix().ClientStream(ProbeMethods.Sum);
        await call.WriteAsync(new Note { Text = "stop" });
        RpcException e = await Failure(call.ResponseAsync().WaitAsync(Patience));
        Assert.Equal((RpcStatusCode.Aborted, "enough"), (e.Code, e.Message));
        RpcException onWrite = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (true)
                await call.WriteAsync(new Note { Payload = ByteString.CopyFrom(new byte[1000]) });
        });
        Assert.Equal(RpcStatusCode.Aborted, onWrite.Code);
    }

    [Fact]
    public async Task Nobody_listens()
    {
        int port = TestPorts.Free();
        using var pki = new TestPki();
        await using RpcChannel tcp = RpcChannel.ForTcp("127.0.0.1", port, pki.ClientTls(null));
        RpcException e = await Failure(tcp.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        Assert.Equal($"cannot reach 127.0.0.1:{port}: connection refused", e.Message);

        await using RpcChannel unix = RpcChannel.ForUnixSocket("/nonexistent/rpc.sock");
        e = await Failure(unix.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(
            (RpcStatusCode.Unavailable, "cannot reach unix:/nonexistent/rpc.sock: there is no such socket"),
            (e.Code, e.Message));
        await using DuplexCall<Note, Note> duplex = unix.Duplex(ProbeMethods.Chat);
        e = await Assert.ThrowsAsync<RpcException>(async () => await duplex.WriteAsync(new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
    }

    [Fact]
    public async Task Peer_that_accepts_and_says_nothing_is_given_up()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        int port = ((IPEndPoint)silent.LocalEndpoint).Port;
        using var pki = new TestPki();
        var options = new RpcChannelOptions { ConnectTimeout = TimeSpan.FromMilliseconds(300) };
        await using RpcChannel channel = RpcChannel.ForTcp("127.0.0.1", port, pki.ClientTls(null), options);
        RpcException e = await Failure(channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        Assert.Equal($"cannot reach 127.0.0.1:{port}: no answer within 0.3 s", e.Message);
    }

    [Fact]
    public async Task Closed_channel_ends_its_calls()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Unix();
        Task<Note> call = channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" });
        await host.Probe.Waiting.WaitAsync(Patience);
        await channel.DisposeAsync();
        RpcException e = await Failure(call);
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
    }

    [Fact]
    public async Task Calls_in_flight_are_bounded()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Unix(new RpcChannelOptions { MaxCalls = 1 });
        await using (channel.Duplex(ProbeMethods.Chat))
        {
            RpcException e = await Failure(channel.UnaryAsync(ProbeMethods.Echo, new Note()));
            Assert.Equal(RpcStatusCode.ResourceExhausted, e.Code);
        }
        await channel.UnaryAsync(ProbeMethods.Echo, new Note());
    }

    [Fact]
    public async Task Channel_connects_again_after_a_restart_of_the_server()
    {
        string path;
        RpcChannel channel;
        await using (ProbeHost first = await ProbeHost.StartAsync())
        {
            path = first.SocketPath;
            channel = RpcChannel.ForUnixSocket(path);
            await channel.UnaryAsync(ProbeMethods.Echo, new Note());
        }
        RpcException e = await Failure(channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        var options = new RpcServerOptions { UnixSockets = [path] };
        await using RpcServer second = await RpcServer.StartAsync(options, new ProbeService().Services(), default);
        await channel.UnaryAsync(ProbeMethods.Echo, new Note());
        await channel.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    private static Task<RpcException> Failure(Task call) => Assert.ThrowsAsync<RpcException>(() => call);
}
