using System.Security.Cryptography.X509Certificates;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Server;

/// <summary>Who may call what (AUTH lines of the attack list).</summary>
public sealed class AuthorisationTests
{
    [Fact]
    public async Task Each_role_enters_by_its_own_door_only()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        var callers = new Dictionary<string, (RpcChannel Channel, string Sees)>
        {
            ["ForLocal"] = (host.Unix(), "Local/"),
            ["ForManager"] = (host.Tcp("manager", "m1"), "Manager/m1"),
            ["ForWorker"] = (host.Tcp("worker", "w1"), "Worker/w1"),
            ["ForAnyone"] = (host.Tcp(null), "Anyone/"),
        };
        foreach ((string own, (RpcChannel channel, string sees)) in callers)
        {
            foreach (string door in callers.Keys)
            {
                Task<Note> call = channel.UnaryAsync(ProbeMethods.Door(door), new Note());
                if (door == own)
                {
                    Assert.Equal(sees, (await call).Text);
                    continue;
                }
                RpcException e = await Assert.ThrowsAsync<RpcException>(() => call);
                RpcStatusCode expected =
                    own == "ForAnyone" ? RpcStatusCode.Unauthenticated : RpcStatusCode.PermissionDenied;
                Assert.Equal((own, door, expected), (own, door, e.Code));
            }
        }
    }

    [Theory]
    [InlineData("Count")]
    [InlineData("Sum")]
    [InlineData("Chat")]
    public async Task Streams_are_refused_before_their_body_is_read(string method)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel worker = host.Tcp("worker");
        RpcMethod<Note, Note> called = ProbeMethods.Of(method);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            switch (method)
            {
                case "Count":
                    await using (ServerStreamCall<Note> call = worker.ServerStream(called, new Note()))
                        await foreach (Note note in call.ReadAllAsync()) Assert.Fail(note.Text);
                    break;
                case "Sum":
                    await using (ClientStreamCall<Note, Note> call = worker.ClientStream(called))
                        await call.ResponseAsync();
                    break;
                default:
                    await using (DuplexCall<Note, Note> call = worker.Duplex(called))
                        await foreach (Note note in call.ReadAllAsync()) Assert.Fail(note.Text);
                    break;
            }
        });
        Assert.Equal(RpcStatusCode.PermissionDenied, e.Code);
        Assert.Contains("MANAGER", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caller_that_identify_does_not_know_is_refused_everywhere()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel removed = host.Tcp("manager", "removed");
        foreach (string method in new[] { "Echo" })
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(
                () => removed.UnaryAsync(ProbeMethods.Of(method), new Note()));
            Assert.Equal(RpcStatusCode.Unauthenticated, e.Code);
        }
    }

    [Fact]
    public async Task Certificate_of_another_root_with_the_same_names_is_refused()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using var other = new TestPki();
        using X509Certificate2 forged = other.Issue("n1", "manager");
        await using RpcChannel channel = RpcChannel.ForTcp("127.0.0.1", host.Port, host.Pki.ClientTls(forged));
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        Assert.Contains($"127.0.0.1:{host.Port}", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, host.Probe.Calls);
    }

    [Fact]
    public async Task Server_of_another_root_is_refused_by_the_channel()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using var other = new TestPki();
        await using RpcChannel channel = RpcChannel.ForTcp("127.0.0.1", host.Port, other.ClientTls(null));
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        Assert.StartsWith($"certificate of 127.0.0.1:{host.Port} was refused:", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_inside_a_handler_shows_a_reference_and_nothing_else()
    {
        using var log = new ListLog();
        await using ProbeHost host = await ProbeHost.StartAsync(logging: log);
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => host.Unix().UnaryAsync(ProbeMethods.Echo, new Note { Text = "crash" }));
        Assert.Equal(RpcStatusCode.Internal, e.Code);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
        string reference = e.Message[^8..];
        Assert.Contains(log.Lines, l => l.Contains(reference, StringComparison.Ordinal)
            && l.Contains("a secret of the inside", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refused_calls_are_logged_with_who_and_what()
    {
        using var log = new ListLog();
        await using ProbeHost host = await ProbeHost.StartAsync(logging: log);
        await Assert.ThrowsAsync<RpcException>(
            () => host.Tcp("worker", "w7").UnaryAsync(ProbeMethods.Door("ForManager"), new Note()));
        Assert.Contains(log.Lines, l => l.Contains("/swarm.rpc.probe.Doors/ForManager", StringComparison.Ordinal)
            && l.Contains("w7", StringComparison.Ordinal) && l.Contains("127.0.0.1:", StringComparison.Ordinal));
    }
}
