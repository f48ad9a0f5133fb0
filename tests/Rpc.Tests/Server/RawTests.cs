using System.Buffers;
using System.Net;
using System.Text;
using Swarm.Protocol.V1;

namespace Swarm.Rpc.Tests.Server;

/// <summary>Bytes of the application's own beside HTTP/2 on one port.</summary>
public sealed class RawTests
{
    private const string Name = "probe/1";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly TaskCompletionSource<string> _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task What_a_manager_sends_arrives_and_calls_go_on_beside_it()
    {
        await using var host = await ProbeHost.StartAsync(raw: Protocol());
        await using var stream = await DialAsync(host, "manager");
        await stream.WriteAsync(Encoding.ASCII.GetBytes("hello\n"));
        Assert.Equal("n1: hello", await _heard.Task.WaitAsync(Limit));
        await using var second = await DialAsync(host, "manager");
        await host.Tcp().UnaryAsync(ProbeMethods.Echo, new Probes.Note());
    }

    [Theory]
    [InlineData("worker")]
    [InlineData(null)]
    public async Task Nobody_else_is_listened_to(string? role)
    {
        await using var host = await ProbeHost.StartAsync(raw: Protocol());
        await using var stream = await DialAsync(host, role);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            using var limit = new CancellationTokenSource(Limit);
            await stream.WriteAsync(Encoding.ASCII.GetBytes("hello\n"), limit.Token);
            if (await stream.ReadAsync(new byte[1], limit.Token) == 0)
                throw new EndOfStreamException();
        });
        Assert.False(_heard.Task.IsCompleted);
    }

    [Fact]
    public async Task Another_protocol_is_no_connection()
    {
        await using var host = await ProbeHost.StartAsync(raw: Protocol());
        await Assert.ThrowsAnyAsync<IOException>(() => DialAsync(host, "manager", "other/1"));
    }

    [Fact]
    public async Task It_ends_with_the_server()
    {
        var host = await ProbeHost.StartAsync(raw: Protocol());
        await using var stream = await DialAsync(host, "manager");
        await stream.WriteAsync(Encoding.ASCII.GetBytes("hello\n"));
        await _heard.Task.WaitAsync(Limit);
        var ended = stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: true).AsTask();
        await host.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => ended.WaitAsync(Limit));
    }

    private static async Task<Stream> DialAsync(ProbeHost host, string? role, string protocol = Name) =>
        (await RawDial.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, host.Port), protocol,
            host.Pki.ClientTls(role is null ? null : host.Pki.Issue("n1", role)),
            new RawDialOptions(Limit, Limit, SendBufferBytes: 100_000), default)).Stream;

    private RawProtocol Protocol() => new(Name, CallerRole.Manager, async (connection, ct) =>
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync(ct);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(read.Buffer.Slice(0, end));
                Assert.True(connection.IsStillWelcome());
                _heard.TrySetResult($"{connection.Peer.NodeId}: {line}");
                connection.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
            }
            else
            {
                connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }

            if (read.IsCompleted)
                return;
        }
    });
}
