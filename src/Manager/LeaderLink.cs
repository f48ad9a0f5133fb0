using Google.Protobuf;
using Swarm.Model;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// A follower's way to the leader: one channel, replaced when the leader changes. Commands are forwarded once: what
/// was forwarded is never forwarded again.
/// </summary>
internal sealed class LeaderLink(ChannelPool channels)
{
    /// <summary>Marks a request that a follower passed on; believed only from managers.</summary>
    internal const string ForwardedHeader = "swarm-forwarded";

    private static readonly CallOptions Forwarded = new()
    {
        Deadline = TimeSpan.FromSeconds(15),
        Metadata = new Dictionary<string, string> { [ForwardedHeader] = "1" },
    };

    private static readonly CallOptions ForwardedStream = Forwarded with { Deadline = null };

    internal Task<TRes> UnaryAsync<TReq, TRes>(
        string leader, RpcMethod<TReq, TRes> method, TReq request, CancellationToken ct,
        TimeSpan askedAgo = default)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        channels.To(HostPort.Parse(leader)).UnaryAsync(
            method, request,
            askedAgo == TimeSpan.Zero ? Forwarded : Forwarded with { Metadata = AskedBefore(askedAgo) }, ct);

    private static Dictionary<string, string> AskedBefore(TimeSpan ago) => new()
    {
        [ForwardedHeader] = "1", [RpcAttempt.OpenSinceHeader] = RpcAttempt.Text(ago),
    };

    internal async Task StreamAsync<TReq, TRes>(
        string leader, RpcMethod<TReq, TRes> method, TReq request, IResponseStream<TRes> responses,
            CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        await using var call = channels.To(HostPort.Parse(leader)).ServerStream(method, request, ForwardedStream, ct);
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            await responses.WriteAsync(message, ct).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Passes a conversation on over a connection of its own: one that nobody reads would fill the window that all
    /// calls of a connection share.
    /// </summary>
    internal async Task DuplexAsync<TReq, TRes>(
        string leader, RpcMethod<TReq, TRes> method, IAsyncEnumerable<TReq> requests, IResponseStream<TRes> responses,
        CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var channel = channels.NewTo(HostPort.Parse(leader));
        await using var call = channel.Duplex(method, ForwardedStream, over.Token);
        var sending = SendAsync(call, requests, over.Token);
        try
        {
            await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
            {
                await responses.WriteAsync(message, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync<TReq, TRes>(
        DuplexCall<TReq, TRes> call, IAsyncEnumerable<TReq> requests, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        await foreach (var request in requests.WithCancellation(ct).ConfigureAwait(false))
        {
            await call.WriteAsync(request, ct).ConfigureAwait(false);
        }

        await call.CompleteAsync().ConfigureAwait(false);
    }
}
