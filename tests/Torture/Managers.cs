using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Torture;

/// <summary>The managers of the lab, asked over their local sockets as swarmctl asks them.</summary>
internal sealed class Managers : IAsyncDisposable
{
    private const int PollMs = 50;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, RpcChannel> _channels;

    private Managers(Dictionary<string, RpcChannel> channels) => _channels = channels;

    internal IReadOnlyList<string> Hosts => [.. _channels.Keys];

    /// <summary>Finds them; waits until one leads and all are reachable.</summary>
    internal static async Task<Managers> ConnectAsync(Lab lab)
    {
        var all = lab.Hosts.ToDictionary(h => h, h => RpcChannel.ForUnixSocket(lab.Socket(h)));
        var channels = new Dictionary<string, RpcChannel>();
        foreach (var (host, channel) in all)
        {
            var info = await CallAsync(channel, Calls.Info, new GetInfoRequest()).ConfigureAwait(false);
            if (info.Role == NodeRole.Manager)
                channels.Add(host, channel);
            else
                await channel.DisposeAsync().ConfigureAwait(false);
        }

        return new Managers(channels);
    }

    internal Task<TRes> CallAsync<TReq, TRes>(
        string host, RpcMethod<TReq, TRes> method, TReq request, CancellationToken ct = default)
        where TReq : class, IMessage<TReq>
        where TRes : class, IMessage<TRes> => CallAsync(_channels[host], method, request, ct);

    internal Task<GetInfoResponse> InfoAsync(string host) => CallAsync(host, Calls.Info, new GetInfoRequest());

    /// <summary>Host and term of the leader that a majority agrees on; null when there is none now.</summary>
    internal async Task<(string Host, ulong Term)?> LeaderAsync()
    {
        foreach (var host in Hosts)
        {
            try
            {
                var raft = (await InfoAsync(host).ConfigureAwait(false)).Raft;
                if (raft is { Role: "leader" })
                {
                    // A leader that was cut off still thinks so for a moment: only who can read leads.
                    await CallAsync(host, Calls.ListServices, new ListServicesRequest()).ConfigureAwait(false);
                    return (host, raft.Term);
                }
            }
            catch (RpcException)
            {
                // Down or without a quorum: not the leader.
                continue;
            }
        }

        return null;
    }

    /// <summary>Waits until there is a leader and every manager has applied what it has committed.</summary>
    internal async Task<(string Host, ulong Term)> SettledAsync(TimeSpan limit)
    {
        using var end = new CancellationTokenSource(limit);
        while (true)
        {
            if (await LeaderAsync().ConfigureAwait(false) is { } leader && await AllCaughtUpAsync(leader.Host))
                return leader;
            if (end.IsCancellationRequested)
                throw new TimeoutException($"the managers are not whole again after {limit.TotalSeconds} s");
            await Task.Delay(PollMs).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels.Values)
            await channel.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<bool> AllCaughtUpAsync(string leader)
    {
        try
        {
            var commit = (await InfoAsync(leader).ConfigureAwait(false)).Raft.CommitIndex;
            foreach (var host in Hosts)
            {
                if ((await InfoAsync(host).ConfigureAwait(false)).Raft.AppliedIndex < commit)
                    return false;
            }

            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private static Task<TRes> CallAsync<TReq, TRes>(
        RpcChannel channel, RpcMethod<TReq, TRes> method, TReq request, CancellationToken ct = default)
        where TReq : class, IMessage<TReq>
        where TRes : class, IMessage<TRes> =>
        channel.UnaryAsync(method, request, new CallOptions { Deadline = CallLimit }, ct);
}
