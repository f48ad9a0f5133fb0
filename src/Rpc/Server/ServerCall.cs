using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>
/// One call on the server: its messages both ways. Reads and writes that a handler left running are ended before the
/// call is given back, because the connection uses its buffers again for the next call.
/// </summary>
internal sealed class ServerCall : IDisposable
{
    private readonly HttpContext _http;
    private readonly BoundMethod _method;
    private readonly RpcServerLimits _limits;
    private readonly FrameReader _reader;
    private readonly CancellationTokenSource _ended;
    private Task _lastRead = Task.CompletedTask;
    private Task _lastWrite = Task.CompletedTask;
    private int _writing;
    private volatile bool _finished;

    public ServerCall(HttpContext http, BoundMethod method, CallStart start, RpcServerLimits limits)
    {
        _http = http;
        _method = method;
        _limits = limits;
        bool anonymous = start.Peer.Role == Protocol.V1.CallerRole.Anyone;
        _reader = new FrameReader(
            http.Request.BodyReader,
            anonymous ? limits.MaxAnonymousMessageBytes : limits.MaxMessageBytes,
            limits.MessageTimeout,
            start.Budget);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(
            [http.RequestAborted, start.Stopping, start.DeadlineReached, start.Revoked]);
        Context = new CallContext(start.Peer, RequestHeaders.Metadata(http.Request), start.Deadline, _ended.Token);
    }

    public CallContext Context { get; }

    public bool HasBody { get; private set; }

    /// <summary>The stream broke while it was read; may be known here before it is cancelled.</summary>
    public bool CallerIsGone { get; private set; }

    /// <summary>The only request of a call that has one.</summary>
    public async ValueTask<T> ReadSingleAsync<T>()
        where T : class, IMessage<T>
    {
        T request = await ReadAsync<T>(mustBegin: true, Context.Cancellation).ConfigureAwait(false)
            ?? throw new RpcException(RpcStatusCode.Unimplemented, "the call has no request message; it needs one");
        // The server holds callers to the length that they announce: nothing can follow.
        if (_http.Request.ContentLength == _reader.ReadBytes)
        {
            return request;
        }
        return await ReadAsync<T>(mustBegin: true, Context.Cancellation).ConfigureAwait(false) is null
            ? request
            : throw new RpcException(
                RpcStatusCode.Unimplemented, "the call has several request messages; it takes one");
    }

    public async IAsyncEnumerable<T> ReadAllAsync<T>([EnumeratorCancellation] CancellationToken ct = default)
        where T : class, IMessage<T>
    {
        using CancellationTokenSource? both = ct.CanBeCanceled && ct != Context.Cancellation
            ? CancellationTokenSource.CreateLinkedTokenSource(ct, Context.Cancellation)
            : null;
        CancellationToken either = both?.Token ?? Context.Cancellation;
        while (await ReadAsync<T>(mustBegin: false, either).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>The only answer of a call that has one; goes out together with the trailers.</summary>
    public void WriteSingle(IMessage message)
    {
        BeginBody();
        FrameWriter.Write(_http.Response.BodyWriter, message, _limits.MaxMessageBytes);
        HasBody = true;
    }

    public async ValueTask WriteAsync(IMessage message, CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException($"{_method.Path}: a write has begun before the last one has ended");
        }
        try
        {
            ThrowIfEnded();
            ct.ThrowIfCancellationRequested();
            // A write that was given up is still in the pipe.
            if (!_lastWrite.IsCompleted)
                await WaitForReader(_lastWrite, ct).ConfigureAwait(false);
            FrameWriter.Measure(message, _limits.MaxMessageBytes);
            BeginBody();
            HasBody = true;
            FrameWriter.Write(_http.Response.BodyWriter, message, _limits.MaxMessageBytes);
            ValueTask<FlushResult> flush = _http.Response.BodyWriter.FlushAsync(CancellationToken.None);
            if (flush.IsCompletedSuccessfully)
            {
                _ = flush.Result;
                return;
            }
            Task<FlushResult> waiting = flush.AsTask();
            _lastWrite = waiting;
            await WaitForReader(waiting, ct).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>After the handler: nothing of it touches the connection any more.</summary>
    public async Task FinishAsync()
    {
        _finished = true;
        await _ended.CancelAsync().ConfigureAwait(false);
        await _lastRead.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_lastWrite.IsCompleted)
        {
            // What the peer does not take cannot be taken back: the stream is reset.
            _http.Abort();
            await _lastWrite.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _ended.Dispose();
    }

    private async ValueTask<T?> ReadAsync<T>(bool mustBegin, CancellationToken ct)
        where T : class, IMessage<T>
    {
        ThrowIfEnded();
        ValueTask<T?> read = _reader.ReadAsync((MessageParser<T>)_method.RequestParser, mustBegin, ct);
        if (read.IsCompletedSuccessfully)
        {
            return read.Result;
        }
        Task<T?> waiting = read.AsTask();
        _lastRead = waiting;
        try
        {
            return await waiting.ConfigureAwait(false);
        }
        catch (IOException e)
        {
            CallerIsGone = true;
            throw new OperationCanceledException("the caller has gone", e);
        }
    }

    private async Task WaitForReader(Task flush, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, Context.Cancellation);
        try
        {
            await flush.WaitAsync(_limits.StalledWriteTimeout, either.Token).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new RpcException(
                RpcStatusCode.Aborted,
                $"nothing was read for {_limits.StalledWriteTimeout.TotalSeconds:0.###} s", null, e);
        }
    }

    private void BeginBody()
    {
        if (!HasBody)
        {
            ResponseHeaders.Write(_http.Response, Context.SealHeaders());
        }
    }

    private void ThrowIfEnded()
    {
        Context.Cancellation.ThrowIfCancellationRequested();
        if (_finished)
        {
            throw new OperationCanceledException("the call has ended");
        }
    }
}
