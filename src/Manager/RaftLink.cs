using System.Buffers;
using System.Net.Security;
using Swarm.Model;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// The way to one other manager: a connection, a bounded queue, and a thread of its own that makes the connection and
/// writes what cannot be written at once. A message that fits the socket's buffer is written by whoever sends it:
/// waking a thread for it takes longer. A connection that broke is noticed and made again at once, not by the next
/// message: the first thing to be said may be a question for a vote.
/// </summary>
internal sealed class RaftLink : IDisposable
{
    /// <summary>Messages that may wait; more are dropped, Raft sends again what matters.</summary>
    private const int MaxWaiting = 1024;

    /// <summary>What is written in one go, in bytes; a single message may be longer.</summary>
    private const int MaxBatchBytes = 256 * 1024;

    /// <summary>
    /// A message of so many bytes fits a socket that says it can be written to: that has a third of
    /// <see cref="SendBufferBytes"/> free (tcp(7)), of which its kernel's own records take a part.
    /// </summary>
    private const int MaxAtOnceBytes = 16 * 1024;

    /// <summary>The kernel doubles it, up to twice its net.core.wmem_max (212,992 unless it was changed).</summary>
    private const int SendBufferBytes = 212_992;

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
    private readonly ArrayBufferWriter<byte> _single = new();
    private readonly RaftMessageWriter _batchWriter = new();
    private readonly RaftMessageWriter _singleWriter = new();
    private List<RaftMessage> _waiting = [];
    private List<RaftMessage> _taken = [];
    private RawOutput? _output;
    private bool _broken;
    private bool _sending;
    private bool _pumping;
    private bool _sleeps;

    internal RaftLink(HostPort to, Func<SslClientAuthenticationOptions> tls, ManagerLog log)
    {
        (_to, _tls, _log) = (to, tls, log);
        _thread = new Thread(Run) { Name = $"raft to {to}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Never blocks, and drops what is too much. One caller at a time.</summary>
    internal void Send(RaftMessage message)
    {
        RawOutput output;
        lock (_gate)
        {
            if (_waiting.Count > 0 || _pumping || _broken || _output is not { } ready
                || message.CostBytes > MaxAtOnceBytes || !ready.HasRoom)
            {
                if (_waiting.Count < MaxWaiting)
                    _waiting.Add(message);
                Rouse();
                return;
            }

            _sending = true;
            output = ready;
        }

        WriteAtOnce(output, message);
    }

    /// <summary>Ends the connection and the thread.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        lock (_gate)
        {
            // A write that the peer does not take ends with its stream.
            _output?.Dispose();
            Rouse();
        }

        _thread.Join();
        _stop.Dispose();
    }

    private void WriteAtOnce(RawOutput output, RaftMessage message)
    {
        try
        {
            RaftFrame.Write(_single, _singleWriter.Write(message));
            output.Stream.Write(_single.WrittenSpan);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Broke(output, e);
        }
        finally
        {
            _single.ResetWrittenCount();
            lock (_gate)
            {
                _sending = false;
                if (_waiting.Count > 0 || _broken)
                    Rouse();
            }
        }
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var output = Connect();
                Pump(output);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                _log.PeerUnreachable(_to.ToString(), e.Message);
            }

            Pause();
        }
    }

    private RawOutput Connect()
    {
        var output = RawDial.ConnectAsync(
            System.Net.IPEndPoint.Parse(_to.ToString()), RaftFrame.Protocol, _tls,
            new RawDialOptions(ConnectTimeout, Unacknowledged, SendBufferBytes), _stop.Token).GetAwaiter().GetResult();
        lock (_gate)
            (_output, _broken) = (output, false);
        if (_stop.IsCancellationRequested)
            output.Dispose();
        _ = WatchAsync(output);
        return output;
    }

    /// <summary>The peer says nothing on this connection: when reading ends, so has the connection.</summary>
    private async Task WatchAsync(RawOutput output)
    {
        try
        {
            await output.Stream.ReadExactlyAsync(new byte[1]).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Broke(output, e);
            return;
        }

        Broke(output, new IOException("it said something"));
    }

    private void Broke(RawOutput output, Exception why)
    {
        lock (_gate)
        {
            if (_output != output || _broken)
                return;
            _broken = true;
            Rouse();
        }

        _log.PeerUnreachable(_to.ToString(), why.Message);
    }

    private void Pump(RawOutput output)
    {
        while (Take())
        {
            if (_taken.Count == 0)
                RaftFrame.Write(_batch, []);
            foreach (var message in _taken)
            {
                RaftFrame.Write(_batch, _batchWriter.Write(message));
                if (_batch.WrittenCount >= MaxBatchBytes)
                    Flush(output.Stream);
            }

            _taken.Clear();
            Flush(output.Stream);
        }
    }

    private void Flush(Stream stream)
    {
        if (_batch.WrittenCount == 0)
            return;
        stream.Write(_batch.WrittenSpan);
        _batch.ResetWrittenCount();
    }

    /// <summary>
    /// What was taken is written: waits for more, or until this end has to say that it lives. Nobody else writes until
    /// the next call. False when the stream is no more.
    /// </summary>
    private bool Take()
    {
        lock (_gate)
        {
            _pumping = false;
            var until = Environment.TickCount64 + RaftFrame.AliveEveryMs;
            while ((_waiting.Count == 0 || _sending) && !_broken && !_stop.IsCancellationRequested)
            {
                var left = (int)(until - Environment.TickCount64);
                if (left <= 0 && !_sending)
                    break;
                _sleeps = true;
                Monitor.Wait(_gate, Math.Max(1, left));
                _sleeps = false;
            }

            if (_broken || _stop.IsCancellationRequested)
                return false;
            _pumping = true;
            (_waiting, _taken) = (_taken, _waiting);
            return true;
        }
    }

    private void Rouse()
    {
        if (!_sleeps)
            return;
        _sleeps = false;
        Monitor.Pulse(_gate);
    }

    /// <summary>What waited while nobody answered is out of date by now.</summary>
    private void Pause()
    {
        lock (_gate)
            _output = null;
        _batch.ResetWrittenCount();
        _taken.Clear();
        _stop.Token.WaitHandle.WaitOne(ReconnectMs);
        lock (_gate)
            _waiting.Clear();
    }
}
