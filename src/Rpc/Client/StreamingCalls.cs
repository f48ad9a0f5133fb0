using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Rpc.Client;

namespace Swarm.Rpc;

/// <summary>A call whose answers stream. Disposing it cancels what is still running.</summary>
public sealed class ServerStreamCall<TResponse> : IAsyncDisposable
    where TResponse : class, IMessage<TResponse>
{
    private readonly ClientCall _call;
    private readonly MessageParser<TResponse> _parser;

    internal ServerStreamCall(ClientCall call, MessageParser<TResponse> parser)
    {
        _call = call;
        _parser = parser;
    }

    /// <summary>All answers; ends when the call has ended well. To be enumerated once; cancelling
    /// <paramref name="ct"/> ends the whole call.</summary>
    /// <exception cref="RpcException">The call failed.</exception>
    public IAsyncEnumerable<TResponse> ReadAllAsync(CancellationToken ct = default) =>
        Answers.All(_call, _parser, ct);

    public ValueTask DisposeAsync() => _call.DisposeAsync();
}

/// <summary>A call whose requests stream. Disposing it cancels what is still running.</summary>
public sealed class ClientStreamCall<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly ClientCall _call;
    private readonly RequestStream _requests;
    private readonly MessageParser<TResponse> _parser;

    internal ClientStreamCall(ClientCall call, RequestStream requests, MessageParser<TResponse> parser)
    {
        _call = call;
        _requests = requests;
        _parser = parser;
    }

    /// <summary>Waits while the server does not read. One write at a time.</summary>
    /// <exception cref="RpcException">The call has ended; <see cref="CompleteAsync"/> tells how.</exception>
    public ValueTask WriteAsync(TRequest message, CancellationToken ct = default) => _requests.WriteAsync(message, ct);

    /// <summary>Says that no more requests follow, and waits for the answer.</summary>
    /// <exception cref="RpcException">The call failed.</exception>
    public Task<TResponse> CompleteAsync()
    {
        _requests.Complete();
        return Answers.SingleAsync(_call, _parser);
    }

    /// <summary>The answer when the server gives it before the requests end.</summary>
    /// <exception cref="RpcException">The call failed.</exception>
    public Task<TResponse> ResponseAsync() => Answers.SingleAsync(_call, _parser);

    public ValueTask DisposeAsync() => _call.DisposeAsync();
}

/// <summary>A call that streams both ways. Disposing it cancels what is still running.</summary>
public sealed class DuplexCall<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly ClientCall _call;
    private readonly RequestStream _requests;
    private readonly MessageParser<TResponse> _parser;

    internal DuplexCall(ClientCall call, RequestStream requests, MessageParser<TResponse> parser)
    {
        _call = call;
        _requests = requests;
        _parser = parser;
    }

    /// <summary>Waits while the server does not read. One write at a time; reading beside it is fine.</summary>
    /// <exception cref="RpcException">The call has ended; <see cref="ReadAllAsync"/> tells how.</exception>
    public ValueTask WriteAsync(TRequest message, CancellationToken ct = default) => _requests.WriteAsync(message, ct);

    /// <summary>Says that no more requests follow.</summary>
    public Task CompleteAsync()
    {
        _requests.Complete();
        return Task.CompletedTask;
    }

    /// <summary>All answers; ends when the call has ended well. To be enumerated once; cancelling
    /// <paramref name="ct"/> ends the whole call.</summary>
    /// <exception cref="RpcException">The call failed.</exception>
    public IAsyncEnumerable<TResponse> ReadAllAsync(CancellationToken ct = default) =>
        Answers.All(_call, _parser, ct);

    public ValueTask DisposeAsync() => _call.DisposeAsync();
}

internal static class Answers
{
    public static async IAsyncEnumerable<T> All<T>(
        ClientCall call, MessageParser<T> parser, [EnumeratorCancellation] CancellationToken ct)
        where T : class, IMessage<T>
    {
        while (await call.ReadAsync(parser, ct).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    public static async Task<T> SingleAsync<T>(ClientCall call, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        T answer = await call.ReadAsync(parser).ConfigureAwait(false)
            ?? throw new RpcException(RpcStatusCode.Unimplemented, "the server ended the call without an answer");
        return await call.ReadAsync(parser).ConfigureAwait(false) is null
            ? answer
            : throw new RpcException(RpcStatusCode.Unimplemented, "the server gave several answers to a call with one");
    }
}
