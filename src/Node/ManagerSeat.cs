using System.Net.Security;
using Swarm.Manager;
using Swarm.Node.Recovery;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>What the manager of a node needs from its member.</summary>
internal sealed record ManagerSeatOptions
{
    internal required NodeParts Parts { get; init; }

    internal required Func<NodeIdentity> Identity { get; init; }

    internal required Func<MemberState, ManagerOptions> Manager { get; init; }

    internal required Func<IReadOnlyList<string>> Managers { get; init; }

    internal required Func<SslClientAuthenticationOptions> Tls { get; init; }

    /// <summary>The process must end.</summary>
    internal required Action<Exception> Broke { get; init; }

    /// <summary>The swarm began anew without this manager.</summary>
    internal required Action<string> Superseded { get; init; }
}

/// <summary>
/// The manager of a node, which comes and goes with its role: the manager itself, the look-out for a newer beginning of
/// the swarm, the request to be taken in. One caller at a time.
/// </summary>
internal sealed class ManagerSeat(ManagerSeatOptions options, MemberState state) : IAsyncDisposable
{
    private volatile ManagerNode? _node;
    private EpochWatch? _epochWatch;
    private EpochHerald? _herald;
    private RaftJoin? _join;

    /// <summary>Null while this node is a worker.</summary>
    internal ManagerNode? Node => _node;

    /// <summary>Addresses and name in Raft; the name changes when the log does.</summary>
    internal MemberState State { get; private set; } = state;

    /// <summary>Why this manager is no member of Raft yet; empty when it is.</summary>
    internal string JoinProblem => _join?.Problem ?? "";

    /// <summary>What asks the others to take this manager in.</summary>
    internal RaftJoinOptions JoinOptions => new(State, options.Managers, options.Tls)
    {
        TakenIn = () => State = LostLog.TakenIn(Paths, State),
    };

    private NodePaths Paths => options.Parts.Paths;

    /// <summary>Starts on the log that is there; with none it waits for the leader that added it.</summary>
    /// <exception cref="IOException">The address is taken, or the log is in use.</exception>
    internal async Task StartAsync(CancellationToken ct)
    {
        var node = await ManagerNode.StartAsync(options.Manager(State), ct).ConfigureAwait(false);
        _node = node;
        _ = WatchAsync(node);
    }

    /// <summary>
    /// From now on it looks for a newer beginning of the swarm, and asks to be taken in if it is not.
    /// </summary>
    internal void Follow()
    {
        if (_node is { } node)
        {
            _epochWatch = new EpochWatch(
                node, options.Identity, newer => options.Superseded(Superseded.Text(node.Epoch, newer)), options.Broke);
            _herald = new EpochHerald(
                new LeftBehindFile(Paths.LeftBehind), node, options.Identity,
                new(State.AdvertiseAddress, options.Parts.Log.Note, options.Broke, TimeProvider.System));
            _join = new RaftJoin(node, JoinOptions, options.Parts.Log, options.Broke);
        }
    }

    /// <summary>Begins with a new name and an empty log, and joins the others.</summary>
    /// <exception cref="IOException">The address is taken, or the disk failed.</exception>
    internal async Task BeginAsync(CancellationToken ct)
    {
        State = LostLog.Renew(Paths, State);
        await StartAsync(ct).ConfigureAwait(false);
        Follow();
    }

    /// <summary>Stops, and deletes the log: the others have taken this manager out.</summary>
    /// <exception cref="IOException">The log cannot be deleted.</exception>
    internal async Task EndAsync()
    {
        await DisposeAsync().ConfigureAwait(false);
        State = LostLog.Forget(Paths, State);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _join, null) is { } join)
        {
            await join.DisposeAsync().ConfigureAwait(false);
        }

        if (Interlocked.Exchange(ref _herald, null) is { } herald)
        {
            await herald.DisposeAsync().ConfigureAwait(false);
        }

        if (Interlocked.Exchange(ref _epochWatch, null) is { } epochWatch)
        {
            await epochWatch.DisposeAsync().ConfigureAwait(false);
        }

        if (Interlocked.Exchange(ref _node, null) is { } node)
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task WatchAsync(ManagerNode node)
    {
        var reason = await node.Broken.ConfigureAwait(false);
        if (ReferenceEquals(node, _node))
        {
            options.Broke(reason);
        }
    }
}
