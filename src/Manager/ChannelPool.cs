using System.Net.Security;
using Swarm.Model;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>One channel for each manager that this one talks to.</summary>
internal sealed class ChannelPool(Func<SslClientAuthenticationOptions> tls) : IAsyncDisposable
{
    /// <summary>More managers than this never exist; older channels are closed.</summary>
    private const int MaxChannels = 64;

    private readonly Dictionary<HostPort, RpcChannel> _channels = [];
    private readonly Lock _gate = new();

    /// <summary>The channel to an address; connects when it is first used.</summary>
    internal RpcChannel To(HostPort address)
    {
        lock (_gate)
        {
            if (!_channels.TryGetValue(address, out var channel))
            {
                Invariant.Check(_channels.Count < MaxChannels);
                channel = RpcChannel.ForTcp(address.Host, address.Port, tls);
                _channels[address] = channel;
            }

            return channel;
        }
    }

    /// <summary>A channel of the caller's own, which he closes.</summary>
    internal RpcChannel NewTo(HostPort address) => RpcChannel.ForTcp(address.Host, address.Port, tls);

    /// <summary>Closes the channels to addresses that are no managers any more.</summary>
    internal async Task KeepOnlyAsync(IReadOnlyCollection<HostPort> addresses)
    {
        List<RpcChannel> gone;
        lock (_gate)
        {
            var keys = _channels.Keys.Where(k => !addresses.Contains(k)).ToList();
            gone = [.. keys.Select(k => _channels[k])];
            keys.ForEach(k => _channels.Remove(k));
        }

        foreach (var channel in gone)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await KeepOnlyAsync([]).ConfigureAwait(false);
}
