using Microsoft.Extensions.Logging;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// One manager: its Raft member, its copy of the state, its server; and, while it leads, the leader session.
/// </summary>
public sealed class ManagerNode : IAsyncDisposable
{
    private static readonly TimeSpan LeaderWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(1);

    private readonly ManagerOptions _options;
    private readonly ManagerLog _log;
    private readonly ClusterStore _store = new(TimeProvider.System);
    private readonly RaftNode _raft;
    private readonly RaftTransport _transport;
    private readonly ChannelPool _channels;
    private readonly LeadershipWatch _leadership;
    private RpcServer? _server;

    private ManagerNode(ManagerOptions options)
    {
        _options = options;
        _log = new ManagerLog(options.Loggers.CreateLogger("manager"));
        _channels = new ChannelPool(options.ClientTls);
        Link = new LeaderLink(_channels);
        _transport = new RaftTransport(() => _channels, _log);
        _raft = RaftNode.Start(RaftOptions(options, _log), _transport, _store);
        _leadership = new LeadershipWatch(_raft, _log, NewSession);
    }

    /// <summary>This node.</summary>
    public NodeId NodeId => _options.NodeId;

    /// <summary>Completes with the reason when the storage failed or an invariant broke: the process must
    /// end.</summary>
    public Task<Exception> Broken => _leadership.Broken;

    /// <summary>What Raft says now.</summary>
    public RaftStatus RaftStatus => _raft.Status;

    /// <summary>The state as this manager knows it; may be behind the leader's.</summary>
    public ClusterState State => _store.Current;

    /// <summary>The leader session while this manager leads.</summary>
    internal LeaderSession? Session => _leadership.Session;

    internal LeaderLink Link { get; }

    /// <summary>Writes the first entry of a new cluster's log: this manager is its only member.</summary>
    public static void Bootstrap(ManagerOptions options) => RaftNode.Bootstrap(
        RaftOptions(options, null),
        new RaftMember(options.RaftId, options.AdvertiseAddress.ToString(), false, options.NodeId.Value));

    /// <summary>Opens the log and the server.</summary>
    /// <exception cref="IOException">The address is taken, or the log is in use by another process.</exception>
    public static async Task<ManagerNode> StartAsync(ManagerOptions options, CancellationToken ct)
    {
        var manager = new ManagerNode(options);
        try
        {
            await manager.ListenAsync(ct).ConfigureAwait(false);
            return manager;
        }
        catch
        {
            await manager.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The first command of a new cluster: the cluster object and this node.</summary>
    public async Task InitializeAsync(ClusterRecord cluster, NodeSpec spec, CancellationToken ct)
    {
        var session = await WaitForSessionAsync(ct).ConfigureAwait(false)
            ?? throw new RpcException(
                RpcStatusCode.Unavailable, "this manager did not become the leader of its new swarm");
        await session.Proposer.CommandAsync(new StoreAction.SetCluster(cluster), ct).ConfigureAwait(false);
        await session.Proposer.CommandAsync(
            NewNodes.Create(NodeId, NodeRole.Manager, spec), ct).ConfigureAwait(false);
    }

    /// <summary>Takes this manager out of the member list; the caller stops it afterwards.</summary>
    public async Task LeaveAsync(CancellationToken ct)
    {
        var method = RpcMethod<LeaveClusterRequest, LeaveClusterResponse>.Of(Wire.RaftPeer, "LeaveCluster");
        await Link.UnaryAsync(
            LeaderAddress(), method, new LeaveClusterRequest { RaftId = _options.RaftId.Value }, ct).ConfigureAwait(
                false);
    }

    /// <summary>HOST:PORT of all managers, the leader first.</summary>
    public IReadOnlyList<string> ManagerAddresses()
    {
        var status = _raft.Status;
        return [.. status.Members.OrderBy(m => m.Id == status.LeaderId ? 0 : 1).ThenBy(
            m => m.Address, StringComparer.Ordinal)
            .Select(m => m.Address)];
    }

    /// <summary>Stops serving and leading; the log is closed cleanly.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.StopAsync(StopGrace).ConfigureAwait(false);
        }

        await _leadership.DisposeAsync().ConfigureAwait(false);
        await _raft.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        await _channels.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The leader's commands when this manager leads; null when another does. Waits a moment for an election, so that
    /// a command during a failover succeeds.
    /// </summary>
    internal async Task<LeaderCommands?> LeaderCommandsAsync(bool forwarded, CancellationToken ct)
    {
        var deadline = Environment.TickCount64 + (long)LeaderWait.TotalMilliseconds;
        while (true)
        {
            if (Session is { } session)
            {
                return Commands(session);
            }

            var status = _raft.Status;
            if (!forwarded && status.LeaderMember is not null && status.LeaderId != _options.RaftId)
            {
                return null;
            }

            if (Environment.TickCount64 > deadline)
            {
                throw Errors.NoLeader();
            }

            await _leadership.ChangedAsync(TimeSpan.FromMilliseconds(50), ct).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the next change of leadership, or for the given time.</summary>
    internal Task LeadershipChangedAsync(TimeSpan atMost, CancellationToken ct) => _leadership.ChangedAsync(atMost, ct);

    internal string LeaderAddress() =>
        LeaderAddressOrEmpty() is { Length: > 0 } address ? address : throw Errors.NoLeader();

    internal string LeaderAddressOrEmpty() => _raft.Status.LeaderMember?.Address ?? "";

    private async Task<LeaderSession?> WaitForSessionAsync(CancellationToken ct)
    {
        for (var waited = 0; Session is null && waited < 200; waited++)
        {
            await _leadership.ChangedAsync(TimeSpan.FromMilliseconds(50), ct).ConfigureAwait(false);
        }

        return Session;
    }

    private LeaderCommands Commands(LeaderSession session)
    {
        var context = new LeaderContext(_store, _raft, session, Members);
        return new LeaderCommands(
            new ServiceCommands(context, new ImagePinner(_options.ResolveImage)),
            new NodeCommands(context, _raft, () => _options.AdvertiseAddress.ToString()),
            new Queries(context),
            new Watches(context));
    }

    private IReadOnlyList<ManagerMember> Members()
    {
        var status = _raft.Status;
        return [.. status.Members.Select(m => new ManagerMember(
            new NodeId(m.NodeId), m.Address, m.Id == status.LeaderId, m.Id == _options.RaftId || m.RecentActive))];
    }

    private LeaderSession NewSession(Action<Exception> broke) => new(_store, _raft, ManagerAddresses, _log, broke);

    private async Task ListenAsync(CancellationToken ct)
    {
        var peers = new PeerServices(this, _raft);
        _server = await RpcServer.StartAsync(
            new RpcServerOptions
            {
                Tcp = [new RpcTcpEndpoint(_options.Listen, _options.ServerTls)],
                Identify = _options.Identify,
                Logging = _options.Loggers,
            },
            [
                peers.Raft(),
                peers.Dispatcher(),
                new NodeCaService(this, _store, _log).Build(),
                new ControlService(() => this).Build(),
            ],
            ct).ConfigureAwait(false);
    }

    private static RaftNodeOptions RaftOptions(ManagerOptions options, ManagerLog? log) => new()
    {
        Directory = options.RaftDirectory,
        ClusterId = options.ClusterId.Value,
        Id = options.RaftId,
        Address = options.AdvertiseAddress.ToString(),
        Log = text => log?.Note(text),
    };
}
