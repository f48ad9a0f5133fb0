using System.Net.Sockets;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Server;

/// <summary>A peer that is gone without a word: no FIN, no RST, as after a power cut.</summary>
public sealed class KeepAliveTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Both_sides_notice_by_their_pings()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(
            new RpcServerLimits { KeepAlivePingDelay = Second, KeepAlivePingTimeout = Second });
        await using var wire = new CuttableWire(host.SocketPath, Path.Combine(host.Directory, "wire.sock"));
        await using RpcChannel channel = RpcChannel.ForUnixSocket(
            wire.Path, new RpcChannelOptions { KeepAlivePingDelay = Second, KeepAlivePingTimeout = Second });
        Task<Note> call = channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" });
        await host.Probe.Waiting.WaitAsync(Patience);
        wire.Cut();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.WaitAsync(Patience));
        Assert.Equal(RpcStatusCode.Unavailable, e.Code);
        await host.Probe.Cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task Quiet_streams_live_longer_than_all_timeouts()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(new RpcServerLimits
        {
            KeepAlivePingDelay = Second,
            KeepAlivePingTimeout = Second,
            IdleConnectionTimeout = Second,
            MessageTimeout = Second,
            StalledWriteTimeout = Second,
        });
        await using DuplexCall<Note, Note> chat = host.Tcp().Duplex(ProbeMethods.Chat);
        IAsyncEnumerator<Note> answers = chat.ReadAllAsync().GetAsyncEnumerator();
        foreach (int pauseMs in new[] { 0, 6500 })
        {
            // Beyond every limit above, and beyond Kestrel's own 5 s for slow bodies.
            await Task.Delay(pauseMs);
            await chat.WriteAsync(new Note());
            Assert.True(await answers.MoveNextAsync().AsTask().WaitAsync(Patience));
        }
    }

    /// <summary>Passes bytes on until it is cut; then it takes and says nothing.</summary>
    private sealed class CuttableWire : IAsyncDisposable
    {
        private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, default);
        private readonly List<Socket> _sockets = [];
        private readonly string _to;
        private volatile bool _cut;

        public CuttableWire(string to, string path)
        {
            _to = to;
            Path = path;
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _listener.Listen();
            _ = AcceptAsync();
        }

        public string Path { get; }

        public void Cut() => _cut = true;

        public ValueTask DisposeAsync()
        {
            _listener.Dispose();
            _sockets.ForEach(s => s.Dispose());
            return ValueTask.CompletedTask;
        }

        private async Task AcceptAsync()
        {
            Socket near = await _listener.AcceptAsync();
            var far = new Socket(AddressFamily.Unix, SocketType.Stream, default);
            await far.ConnectAsync(new UnixDomainSocketEndPoint(_to));
            _sockets.AddRange([near, far]);
            _ = PumpAsync(near, far);
            _ = PumpAsync(far, near);
        }

        private async Task PumpAsync(Socket from, Socket to)
        {
            var buffer = new byte[64 * 1024];
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                if (!_cut)
                    await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
    }
}
