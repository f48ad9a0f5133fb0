using System.Threading.Channels;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// Carries Raft messages to the other managers: one long stream for each, fed from a bounded queue. Messages may be
/// lost (queue full, stream broken): Raft sends again what matters.
/// </summary>
internal sealed class RaftTransport(Func<ChannelPool> channels, ManagerLog log) : IRaftTransport, IAsyncDisposable
{
    /// <summary>Messages that may wait for one manager.</summary>
    private const int MaxWaiting = 1024;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(100);
    private static readonly RpcMethod<RaftEnvelope, RaftEnvelope> Exchange =
        RpcMethod<RaftEnvelope, RaftEnvelope>.Of(Wire.RaftPeer, "Exchange");

    private readonly Dictionary<string, (Channel<RaftMessage> Queue, Task Run)> _peers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public void Send(RaftMember to, RaftMessage message)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (!_peers.TryGetValue(to.Address, out var peer))
            {
                var queue = Channel.CreateBounded<RaftMessage>(new BoundedChannelOptions(MaxWaiting)
                {
                    SingleReader = true,
                    FullMode = BoundedChannelFullMode.DropWrite,
                });
                peer = (queue, Task.Run(() => PumpAsync(to.Address, queue.Reader)));
                _peers[to.Address] = peer;
            }

            peer.Queue.Writer.TryWrite(message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task[] runs;
        lock (_gate)
        {
            runs = [.. _peers.Values.Select(p => p.Run)];
        }

        await Task.WhenAll(runs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task PumpAsync(string address, ChannelReader<RaftMessage> queue)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await StreamAsync(address, queue).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RpcException or IOException or OperationCanceledException)
            {
                log.PeerUnreachable(address, e.Message);
            }

            await Task.Delay(ReconnectDelay, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (queue.TryRead(out _))
            {
                // What waited while nobody answered is out of date by now.
            }
        }
    }

    private async Task StreamAsync(string address, ChannelReader<RaftMessage> queue)
    {
        await using var call = channels().To(HostPort.Parse(address)).ClientStream(Exchange, ct: _stop.Token);
        await foreach (var message in queue.ReadAllAsync(_stop.Token).ConfigureAwait(false))
        {
            var bytes = RaftMessageCodec.Encode(message);
            await call.WriteAsync(new RaftEnvelope { Message = UnsafeByteOperations.UnsafeWrap(bytes) })
                .ConfigureAwait(false);
        }
    }
}
