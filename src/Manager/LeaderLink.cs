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
        string leader, RpcMethod<TReq, TRes> method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        channels.To(HostPort.Parse(leader)).UnaryAsync(method, request, Forwarded, ct);

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
}
