using System.Buffers;
using System.Net.Security;
using Swarm.Model;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// The way to one other manager: a bounded queue, a connection, and a thread of its own, so that nothing else that this
/// process does can hold up a heartbeat. A connection that broke is noticed and made again at once, not by the next
/// message: the first thing to be said may be a question for a vote.
/// </summary>
internal sealed class RaftLink : IDisposable
{
    /// <summary>Messages that may wait; more are dropped, Raft sends again what matters.</summary>
    private const int MaxWaiting = 1024;

    /// <summary>What is written in one go, in bytes; a single message may be longer.</summary>
    private const int MaxBatchBytes = 256 * 1024;

    private const int ReconnectMs = 100;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Unacknowledged = TimeSpan.FromSeconds(2);

    private readonly HostPort _to;
    private readonly Func<SslClientAuthenticationOptions> _tls;
    private readonly ManagerLog _log;
    private readonly object _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly ArrayBufferWriter<byte> _batch = new();
    private List<RaftMessage> _waiting = [];
    private List<RaftMessage> _taken = [];
    private Stream? _stream;
    private Stream? _broken;

    internal RaftLink(HostPort to, Func<SslClientAuthenticationOptions> tls, ManagerLog log)
    {
        (_to, _tls, _log) = (to, tls, log);
        _thread = new Thread(Run) { Name = $"raft to {to}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Never blocks, and drops what is too much.</summary>
    internal void Send(RaftMessage message)
    {
        lock (_gate)
        {
            if (_waiting.Count >= MaxWaiting)
                return;
            _waiting.Add(message);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Ends the connection and the thread.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        lock (_gate)
        {
            // A write that the peer does not take ends with its stream.
            _stream?.Dispose();
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var stream = Connect();
                Pump(stream);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                _log.PeerUnreachable(_to.ToString(), e.Message);
            }

            Pause();
        }
    }

    private Stream Connect()
    {
        var stream = RawDial.ConnectAsync(
            System.Net.IPEndPoint.Parse(_to.ToString()), RaftFrame.Protocol, _tls, ConnectTimeout, Unacknowledged,
            _stop.Token).GetAwaiter().GetResult();
        lock (_gate)
            _stream = stream;
        if (_stop.IsCancellationRequested)
            stream.Dispose();
        _ = WatchAsync(stream);
        return stream;
    }

    /// <summary>The peer says nothing on this connection: when reading ends, so has the connection.</summary>
    private async Task WatchAsync(Stream stream)
    {
        try
        {
            await stream.ReadExactlyAsync(new byte[1]).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            _log.PeerUnreachable(_to.ToString(), e.Message);
        }

        lock (_gate)
        {
            _broken = stream;
            Monitor.Pulse(_gate);
        }
    }

    private void Pump(Stream stream)
    {
        while (Take(stream))
        {
            if (_taken.Count == 0)
                RaftFrame.Write(_batch, []);
            foreach (var message in _taken)
            {
                RaftFrame.Write(_batch, RaftMessageCodec.Encode(message));
                if (_batch.WrittenCount >= MaxBatchBytes)
                    Flush(stream);
            }

            _taken.Clear();
            Flush(stream);
        }
    }

    private void Flush(Stream stream)
    {
        if (_batch.WrittenCount == 0)
            return;
        stream.Write(_batch.WrittenSpan);
        _batch.ResetWrittenCount();
    }

    /// <summary>Waits for messages, or until this end has to say that it lives. False when the stream is no more.
    /// </summary>
    private bool Take(Stream stream)
    {
        lock (_gate)
        {
            var until = Environment.TickCount64 + RaftFrame.AliveEveryMs;
            while (_waiting.Count == 0 && _broken != stream && !_stop.IsCancellationRequested)
            {
                var left = (int)(until - Environment.TickCount64);
                if (left <= 0 || !Monitor.Wait(_gate, left))
                    break;
            }

            (_waiting, _taken) = (_taken, _waiting);
            return _broken != stream && !_stop.IsCancellationRequested;
        }
    }

    /// <summary>What waited while nobody answered is out of date by now.</summary>
    private void Pause()
    {
        _batch.ResetWrittenCount();
        _taken.Clear();
        _stop.Token.WaitHandle.WaitOne(ReconnectMs);
        lock (_gate)
            _waiting.Clear();
    }
}
