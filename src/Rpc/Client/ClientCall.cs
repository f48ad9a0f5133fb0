using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using Google.Protobuf;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Client;

/// <summary>One call on the client: the response with its messages, and how it ended.</summary>
internal sealed class ClientCall : IAsyncDisposable
{
    private const int ReadBufferBytes = 16 * 1024;
    private readonly RpcChannel _channel;
    private readonly CallOptions? _options;
    private readonly CancellationToken _callerToken;
    private readonly CallClock _clock;
    private readonly CancellationTokenSource _ended;
    private readonly CancellationToken _token;
    private Task _watching = Task.CompletedTask;
    private Task<HttpResponseMessage>? _sending;
    private HttpResponseMessage? _response;
    private FrameReader? _frames;
    private RpcException? _failure;
    private bool _complete;
    private int _disposed;

    /// <exception cref="RpcException">ResourceExhausted: too many calls are open.</exception>
    public ClientCall(RpcChannel channel, CallOptions? options, CancellationToken ct)
    {
        channel.Enter();
        _channel = channel;
        _options = options;
        _callerToken = ct;
        _clock = new CallClock(options?.Deadline);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(ct, _clock.Reached, channel.Closed);
        _token = _ended.Token;
    }

    public void Send(string path, HttpContent content)
    {
        HttpRequestMessage request = RequestBuilder.Build(_channel.BaseUri, path, content, _options, _clock);
        _sending = _channel.SendAsync(request, _token);
    }

    /// <summary>For calls with streams: the end of the call reaches the server even while nobody reads.</summary>
    public void Watch(PushContent? push) => _watching = WatchAsync(_sending!, push);

    /// <returns>Null when the call has ended well.</returns>
    /// <exception cref="RpcException">It has not.</exception>
    /// <exception cref="OperationCanceledException">The caller's own token was cancelled.</exception>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken ct = default)
        where T : class, IMessage<T>
    {
        if (_failure is not null)
            throw new RpcException(_failure.Code, _failure.Message, _failure.Details, _failure);
        if (_complete)
            return null;
        try
        {
            if (_response is null)
                await ReceiveHeadersAsync(ct).ConfigureAwait(false);
            T? message = _frames is null ? null : await ReadFrameAsync(_frames, parser, ct).ConfigureAwait(false);
            if (message is null)
                Complete();
            return message;
        }
        catch (Exception e) when (Translate(e, ct) is { } translated)
        {
            _failure = translated as RpcException;
            if (Volatile.Read(ref _disposed) == 0)
                _response?.Dispose();
            throw translated;
        }
    }

    /// <summary>What a write says when the call is no more: the outcome if it is known already.</summary>
    public async ValueTask<Exception> WriteFailureAsync(Exception e)
    {
        if (_failure is null && _sending is { IsCompletedSuccessfully: true } && _response is null)
        {
            HttpResponseMessage early = await _sending.ConfigureAwait(false);
            if (ResponseReader.OutcomeInHeaders(early, _channel.Target) is { } outcome)
                return outcome;
        }
        return _failure is { } known
            ? new RpcException(known.Code, known.Message, known.Details, e)
            : Translate(e, default) ?? e;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await _ended.CancelAsync().ConfigureAwait(false);
        if (_sending is not null)
        {
            await ((Task)_sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_sending.IsCompletedSuccessfully)
                _sending.Result.Dispose();
        }
        await _watching.ConfigureAwait(false);
        _frames?.Dispose();
        _clock.Dispose();
        _ended.Dispose();
        _channel.Leave();
    }

    // The token given to the HTTP client counts only until the headers of the response have come.
    private async Task WatchAsync(Task<HttpResponseMessage> sending, PushContent? push)
    {
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompletedSuccessfully)
        {
            push?.Fail(sending.Exception?.InnerException ?? Given());
            return;
        }
        HttpResponseMessage response = sending.Result;
        _token.UnsafeRegister(
            _ =>
            {
                response.Dispose();
                push?.Fail(Given());
            },
            null);

        static OperationCanceledException Given() => new("the call has ended");
    }

    private async Task ReceiveHeadersAsync(CancellationToken ct)
    {
        HttpResponseMessage response = await _sending!.WaitAsync(ct).ConfigureAwait(false);
        _response = response;
        if (_options?.Response is { } seen)
            seen.Headers = ResponseReader.Metadata(response.Headers);
        if (ResponseReader.OutcomeInHeaders(response, _channel.Target) is { } outcome)
        {
            if (_options?.Response is { } both)
                both.Trailers = both.Headers;
            throw outcome;
        }
        if (ResponseReader.IsOkInHeaders(response))
            return;
        Stream body = await response.Content.ReadAsStreamAsync(_token).ConfigureAwait(false);
        var reader = PipeReader.Create(
            body, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, useZeroByteReads: true));
        _frames = new FrameReader(reader, _channel.Options.MaxMessageBytes, _channel.Options.MessageTimeout);
    }

    private async ValueTask<T?> ReadFrameAsync<T>(FrameReader frames, MessageParser<T> parser, CancellationToken ct)
        where T : class, IMessage<T>
    {
        if (!ct.CanBeCanceled || ct == _callerToken)
            return await frames.ReadAsync(parser, mustBegin: false, _token).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _token);
        return await frames.ReadAsync(parser, mustBegin: false, either.Token).ConfigureAwait(false);
    }

    private void Complete()
    {
        if (_frames is not null)
        {
            if (_options?.Response is { } seen)
                seen.Trailers = ResponseReader.Metadata(_response!.TrailingHeaders);
            if (ResponseReader.OutcomeInTrailers(_response!.TrailingHeaders, _channel.Target) is { } outcome)
                throw outcome;
        }
        _complete = true;
    }

    // Order matters: a deadline shows as a cancellation too, and a timer may fire just before its time.
    private Exception? Translate(Exception e, CancellationToken ct)
    {
        if (e is RpcException)
            return e;
        // The stream of a call that has ended, by cancellation or by the server's answer, is a disposed one.
        bool cancelled = e is OperationCanceledException or ObjectDisposedException;
        RpcException? lost = cancelled ? null : Failures.OfTransport(e, _channel.Target);
        if (!cancelled && lost is null)
            return null;
        if (_clock.HasPassed)
            return _clock.Missed(_channel.Target, e);
        if (_callerToken.IsCancellationRequested || ct.IsCancellationRequested)
        {
            return new OperationCanceledException(
                "the call was cancelled", e, ct.IsCancellationRequested ? ct : _callerToken);
        }
        if (_channel.Closed.IsCancellationRequested)
            return new RpcException(RpcStatusCode.Unavailable, $"the channel to {_channel.Target} was closed", null, e);
        return lost ?? new RpcException(
            RpcStatusCode.Cancelled, $"the call to {_channel.Target} has ended; its answers tell how", null, e);
    }
}
