using Microsoft.Extensions.Logging;
using Swarm.Manager.Control;
using Swarm.Manager.Metrics;
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
    private static readonly TimeSpan LeaderWait = LeaderContext.ReadTimeout;
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveHandOver = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(5);

    private readonly ManagerOptions _options;
    private readonly ManagerLog _log;
    private readonly ClusterStore _store = new(TimeProvider.System);
    private readonly RaftNode _raft;
    private readonly RaftTransport _transport;
    private readonly ChannelPool _channels;
    private readonly LeadershipWatch _leadership;
    private readonly RaftTouch _touch;
    private readonly PeerPolicy _peers;
    private readonly HandOver _handOver;
    private readonly VaultWatch? _vault;
    private readonly CommandTools _tools;
    private RpcServer? _server;

    private ManagerNode(ManagerOptions options)
    {
        _options = options;
        _log = new ManagerLog(options.Loggers.CreateLogger("manager"));
        _channels = new ChannelPool(options.ClientTls);
        Link = new LeaderLink(_channels);
        _transport = new RaftTransport(options.ClientTls, _log);
        _raft = RaftNode.Start(RaftOptions(options, _log), _transport, _store);
        _touch = new RaftTouch(_raft, TimeProvider.System);
        _peers = new PeerPolicy(_store, _touch, options.Identify);
        _handOver = new HandOver(_raft, _log);
        _tools = new CommandTools(
            _raft, new ImagePinner(options.ResolveImage), () => options.AdvertiseAddress.ToString(), Members);
        _leadership = new LeadershipWatch(_raft, _log, _store.Counters, NewSession);
        _vault = options.AtRest is { } atRest ? new VaultWatch(atRest, _store, _raft, _log, _leadership.Break) : null;
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

    /// <summary>Which beginning of the cluster this manager belongs to.</summary>
    public ulong Epoch => _options.Epoch;

    /// <summary>Where managers of a newer epoch are said to be.</summary>
    public AnnouncedManagers Announced { get; } = new();

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
        var first = cluster with { FormatVersion = StoreFormat.Newest };
        await session.Proposer.CommandAsync(new StoreAction.SetCluster(first), ct).ConfigureAwait(false);
        await session.Proposer.CommandAsync(
            NewNodes.Create(NodeId, NodeRole.Manager, spec), ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes this manager out of the managers, after another one leads if it does; the caller stops it afterwards.
    /// </summary>
    /// <exception cref="RpcException">It is still one of them: those that remain would have no quorum, or no leader
    /// was found.</exception>
    public async Task LeaveAsync(CancellationToken ct)
    {
        await HandOverAsync(LeaveHandOver, ct).ConfigureAwait(false);
        var method = RpcMethod<LeaveClusterRequest, LeaveClusterResponse>.Of(Wire.RaftPeer, "LeaveCluster");
        var request = new LeaveClusterRequest { RaftId = _options.RaftId.Value };
        await RpcRetry.UntilKnownAsync(
            _ => Link.UnaryAsync(LeaderAddress(), method, request, ct),
            repeatable: true, LeavePatience, TimeProvider.System, ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Before this manager stops: if it leads, another one does then. Bounded; nothing is lost without.
    /// </summary>
    public Task<bool> HandOverAsync(TimeSpan atMost, CancellationToken ct) => _handOver.TryAsync(null, atMost, ct);

    /// <summary>For handshakes: that node was removed from the swarm.</summary>
    public bool IsRevoked(NodeId node) => _peers.IsRevoked(node);

    /// <summary>
    /// Raft as this manager sees it, with what the leader knows of the members if it answers in time.
    /// </summary>
    public Task<RaftInfo> DescribeAsync(TimeSpan atMost, CancellationToken ct) =>
        RaftReport.WithLeaderAsync(_raft.Status, Link, atMost, ct);

    /// <summary>
    /// A state that holds everything that was acknowledged anywhere before this call. A follower asks its leader.
    /// </summary>
    /// <exception cref="RpcException">No quorum of managers confirmed it in time, or too many ask.</exception>
    public Task<ClusterState> FreshStateAsync(CancellationToken ct) =>
        FreshReads.StateAsync(_raft, _store, CancellationToken.None, ct);

    /// <summary>Waits until this manager leads; false when it does not within ten seconds.</summary>
    public async Task<bool> BecomesLeaderAsync(CancellationToken ct) =>
        await WaitForSessionAsync(ct).ConfigureAwait(false) is not null;

    /// <summary>What a scraper is told.</summary>
    internal void WriteMetrics(MetricText text) => ManagerMetrics.Write(text, _raft, _store, Session);

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

        _peers.Dispose();
        if (_vault is not null)
        {
            await _vault.DisposeAsync().ConfigureAwait(false);
        }

        await _leadership.DisposeAsync().ConfigureAwait(false);
        _touch.Dispose();
        await _raft.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        await _channels.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The leader's commands when this manager leads; null when another does. Waits a moment for an election, so that
    /// a command during a failover succeeds.
    /// </summary>
    internal async Task<LeaderCommands?> LeaderCommandsAsync(
        bool forwarded, AskedCommand? request, CancellationToken ct)
    {
        var deadline = Environment.TickCount64 + (long)LeaderWait.TotalMilliseconds;
        while (true)
        {
            if (Session is { } session)
            {
                return Commands(session, request);
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

    private LeaderCommands Commands(LeaderSession session, AskedCommand? request) =>
        new(new LeaderContext(_store, _raft, session, _tools.Members, request), _tools);

    /// <summary>Answers from what this manager has, whoever leads.</summary>
    internal Queries StaleQueries() => new(_ => Task.FromResult(_store.Current), Members);

    /// <summary>Another member leads, or this one.</summary>
    internal bool KnowsLeader => _raft.Status.LeaderId is not null;

    private IReadOnlyList<ManagerMember> Members()
    {
        var status = _raft.Status;
        return [.. status.Members.Select(m => new ManagerMember(
            new NodeId(m.NodeId), m.Address, m.Id == status.LeaderId, m.Id == _options.RaftId || m.RecentActive))];
    }

    private LeaderSession NewSession(Action<Exception> broke) =>
        new(_store, _raft, _handOver, ManagerAddresses, _log, broke);

    private async Task ListenAsync(CancellationToken ct)
    {
        var peers = new PeerServices(this, _raft, _log);
        _server = await RpcServer.StartAsync(
            new RpcServerOptions
            {
                Tcp = [new RpcTcpEndpoint(_options.Listen, _options.ServerTls)],
                Raw = [new RaftIntake(_raft.Act).Protocol with { Identify = _peers.IdentifyRaft }],
                Identify = _peers.Identify,
                Logging = _options.Loggers,
            },
            [
                peers.Raft(),
                peers.Dispatcher(),
                new NodeCaService(this, _store, _log).Build(),
                new ControlService(() => this, static _ => null).Build(),
            ],
            ct).ConfigureAwait(false);
        _peers.Watch(_server.RecheckPeers);
    }

    internal static RaftNodeOptions RaftOptions(ManagerOptions options, ManagerLog? log) => new()
    {
        Directory = options.RaftDirectory,
        // Raft refuses messages of another cluster, and so those of managers of an older epoch (raft-pitfalls R30).
        ClusterId = options.Epoch == 0 ? options.ClusterId.Value : $"{options.ClusterId}.{options.Epoch}",
        Id = options.RaftId,
        Keys = options.AtRest?.LogKeys ?? [],
        Address = options.AdvertiseAddress.ToString(),
        Log = text => log?.Note(text),
    };
}
