using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Swarm.Manager;
using Swarm.Model;
using Swarm.Node.Recovery;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;
using Swarm.Worker;

namespace Swarm.Node;

/// <summary>
/// This node as a member of a swarm: its identity, its agent, and its manager if it is one. Created by init, join or at
/// start from what is on disk; disposed as a whole.
/// </summary>
internal sealed class SwarmMember : IAsyncDisposable
{
    private readonly NodeParts _parts;
    private readonly IdentityKeeper _keeper;
    private readonly ManagerDirectory _managers;
    private readonly ManagerSeat _seat;
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Agent? _agent;
    private RoleChange? _role;
    private Action<string> _onSuperseded = static _ => { };
    private string _refusal = "";

    private SwarmMember(NodeParts parts, MemberState state, NodeIdentity identity)
    {
        _parts = parts;
        _keeper = new IdentityKeeper(identity, parts.Paths.Identity, parts.Log, IsRevoked) { Vault = parts.Vault };
        _managers = new ManagerDirectory(parts.Paths.Managers);
        Network = LockedMember.NewNetwork(parts, state);
        _seat = new ManagerSeat(
            new ManagerSeatOptions
            {
                Parts = parts,
                Identity = () => Identity,
                Manager = ManagerOptions,
                Managers = () => _managers.Addresses,
                Tls = _keeper.ClientTls,
                Broke = reason => _broken.TrySetResult(reason),
                Superseded = text => _onSuperseded(text),
            },
            state);
    }

    internal NodeIdentity Identity => _keeper.Current;
    internal WorkerNetwork Network { get; }

    /// <summary>Addresses and name in Raft; the name changes when the log does.</summary>
    internal MemberState State => _seat.State;

    /// <summary>The swarm began anew without this manager; <see cref="Refusal"/> tells.</summary>
    internal bool IsSuperseded { get; private init; }

    /// <summary>Null while this node is a worker.</summary>
    internal ManagerNode? Manager => _seat.Node;

    /// <summary>Why this node is not yet what it is to be; empty when it is.</summary>
    internal string RoleProblem => _seat.JoinProblem.Length > 0 ? _seat.JoinProblem : _role?.Problem ?? "";

    internal HostPort Advertise => HostPort.Parse(State.AdvertiseAddress);

    internal IReadOnlyList<string> ManagerAddresses => _managers.Addresses;

    internal bool IsConnected => _agent?.IsConnected ?? false;

    /// <summary>A manager refused this node for good: it was removed.</summary>
    internal string Refusal => IsConnected ? "" : _refusal;

    /// <summary>
    /// Goes on after a stop. A manager whose swarm began anew without it starts neither manager nor agent.
    /// </summary>
    internal static async Task<SwarmMember> ResumeAsync(
        NodeParts parts, MemberState state, NodeIdentity identity, CancellationToken ct)
    {
        var text = await Superseded.FindAsync(parts, state, identity, ct).ConfigureAwait(false);
        return text.Length == 0
            ? await StartAsync(
                parts, LostLog.Mend(parts.Paths, state, identity.Role, parts.Log.Warn), identity, ct)
                .ConfigureAwait(false)
            : new SwarmMember(parts, state, identity) { IsSuperseded = true, _refusal = text };
    }

    /// <summary>Starts from what is on disk.</summary>
    internal static async Task<SwarmMember> StartAsync(
        NodeParts parts, MemberState state, NodeIdentity identity, CancellationToken ct)
    {
        var member = new SwarmMember(parts, state, identity);
        try
        {
            parts.Vault.FitRole(identity);
            if (identity.Role == CertificateRole.Manager)
            {
                await member._seat.StartAsync(ct).ConfigureAwait(false);
            }

            return member;
        }
        catch
        {
            await member.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The log of the first manager of a new swarm.</summary>
    internal static void Bootstrap(NodeParts parts, MemberState state, NodeIdentity identity) =>
        ManagerNode.Bootstrap(OptionsOf(parts, state, identity));

    /// <summary>What a manager would be started with.</summary>
    internal static ManagerOptions OptionsOf(NodeParts parts, MemberState state, NodeIdentity identity) =>
        new SwarmMember(parts, state, identity).ManagerOptions(state);

    /// <summary>Waits until this node's manager leads.</summary>
    /// <exception cref="RpcException">It does not within ten seconds.</exception>
    internal async Task RequireLeadingAsync(CancellationToken ct)
    {
        if (Manager is null || !await Manager.BecomesLeaderAsync(ct).ConfigureAwait(false))
        {
            throw new RpcException(
                RpcStatusCode.Unavailable, "this manager did not become the leader; see the log of swarmd");
        }
    }

    /// <summary>A worker is told where a manager is now; one that was left behind is refused.</summary>
    internal void FollowManager(string address, ulong epoch)
    {
        Superseded.RefuseOlder(address, epoch, _parts.Epoch.Current);
        _parts.Epoch.Raise(epoch);
        _managers.Replace([address]);
        _refusal = "";
    }

    /// <summary>
    /// Follows what becomes of this member: <paramref name="superseded"/> gets the text when the swarm began anew
    /// without this manager; roles change as the managers say.
    /// </summary>
    internal void Watch(Membership membership, Action<string> superseded)
    {
        _onSuperseded = superseded;
        _role = new RoleChange(membership, this, _parts.Log, e => _broken.TrySetResult(e));
        _seat.Follow();
    }

    /// <summary>A certificate of the role that the managers have for this node now.</summary>
    /// <exception cref="RpcException">No manager gave one.</exception>
    internal async Task RenewIdentityAsync(CancellationToken ct)
    {
        try
        {
            await _keeper.RenewNowAsync(_managers.Addresses, ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new RpcException(RpcStatusCode.FailedPrecondition, e.Message);
        }
    }

    /// <summary>Begins to be a manager, with a new name and an empty log, and joins the others.</summary>
    /// <exception cref="IOException">Its address is taken, or the disk failed.</exception>
    internal async Task BecomeManagerAsync(CancellationToken ct)
    {
        await _seat.BeginAsync(ct).ConfigureAwait(false);
        _parts.Log.Member("manager", Identity.NodeId.Value, Identity.ClusterId.Value);
    }

    /// <summary>Ends being a manager; the log goes, as the others took this one out. Containers stay.</summary>
    /// <exception cref="IOException">The log cannot be deleted.</exception>
    internal async Task BecomeWorkerAsync()
    {
        await _seat.EndAsync().ConfigureAwait(false);
        if (Identity.Role != CertificateRole.Manager)
        {
            _parts.Vault.FitRole(Identity);
            _parts.Log.Member("worker", Identity.NodeId.Value, Identity.ClusterId.Value);
        }
    }

    /// <summary>Before the daemon stops: another manager leads then, if this one does.</summary>
    internal Task HandOverAsync(TimeSpan atMost) =>
        Manager?.HandOverAsync(atMost, CancellationToken.None) ?? Task.CompletedTask;

    /// <summary>The agent begins to look for the leader.</summary>
    internal void StartAgent(IEnumerable<string> knownManagers)
    {
        _managers.Replace(knownManagers);
        var runtime = _parts.NewTaskRuntime(Network, _keeper.Current.NodeId);
        _agent = new Agent(new AgentOptions
        {
            Managers = _managers,
            Tls = _keeper.ClientTls,
            Runtime = runtime,
            DataPlane = Network,
            Logs = runtime, Containers = _parts.Containers,
            Description = _parts.Description,
            NodeAddress = Advertise.Host,
            ManagerAddress = () => Manager is null ? "" : Advertise.ToString(),
            Epoch = () => _parts.Epoch.Current,
            OnNewEpoch = OnNewEpoch,
            OnRole = role => _role?.Told(role),
            OnRefused = OnRefused,
            Logger = _parts.Loggers.CreateLogger("agent"),
        });
        _ = BreaksWithAsync(_agent.Broken);
        _agent.Start();
        _keeper.StartRenewing(_managers.Next, e => _broken.TrySetResult(e));
        _parts.Log.Member(
            Identity.Role.ToString().ToLowerInvariant(), Identity.NodeId.Value, Identity.ClusterId.Value);
    }

    /// <summary>Completes with the reason when this process must end.</summary>
    internal Task<Exception> Broken => _broken.Task;

    /// <summary>A new manager asks to be taken in.</summary>
    /// <exception cref="RpcException">It was not.</exception>
    internal Task JoinRaftAsync(string manager, CancellationToken ct) =>
        RaftJoin.OnceAsync(_seat.JoinOptions with { Managers = () => [manager] }, ct);

    /// <summary>Gives everything back: containers, network. The caller deletes what is on disk.</summary>
    internal async Task LeaveAsync(CancellationToken ct)
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync().ConfigureAwait(false);
            _agent = null;
        }

        await _parts.RemoveAllContainersAsync(Network, Identity.NodeId, ct).ConfigureAwait(false);
        await Network.RemoveAllAsync(ct).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_role is not null)
        {
            await _role.DisposeAsync().ConfigureAwait(false);
        }

        if (_agent is not null)
        {
            await _agent.DisposeAsync().ConfigureAwait(false);
        }

        await _seat.DisposeAsync().ConfigureAwait(false);
        await Network.DisposeAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
    }

    private async Task BreaksWithAsync(Task<Exception> part) => _broken.TrySetResult(await part.ConfigureAwait(false));

    private ManagerOptions ManagerOptions(MemberState state) => new()
    {
        NodeId = Identity.NodeId,
        ClusterId = Identity.ClusterId,
        Epoch = _parts.Epoch.Current,
        RaftId = new RaftId(state.RaftId),
        RaftDirectory = _parts.Paths.Raft,
        AtRest = _parts.Vault.For(_keeper),
        AdvertiseAddress = Advertise,
        Listen = IPEndPoint.Parse(state.ListenAddress),
        ServerTls = _keeper.ServerTls,
        ClientTls = _keeper.ClientTls,
        Identify = IdentityKeeper.Identify,
        ResolveImage = _parts.ResolveImageAsync,
        Loggers = _parts.Loggers,
    };

    /// <summary>Managers know who was removed; a worker checks nobody.</summary>
    private bool IsRevoked(NodeId node) => Manager?.IsRevoked(node) ?? false;

    /// <summary>A worker goes over to a newer epoch; the log of a manager cannot.</summary>
    private void OnNewEpoch(ulong epoch)
    {
        if (Manager is not { } manager)
        {
            _parts.Epoch.Raise(epoch);
            return;
        }

        var address = _managers.Addresses is [var first, ..] ? first : "";
        var newer = new EpochAnswer(address, epoch, Identity.ClusterId.Value);
        _onSuperseded(Superseded.Text(manager.Epoch, newer));
        throw new RpcException(
            RpcStatusCode.FailedPrecondition, $"this manager is of an older epoch than {epoch}");
    }

    private void OnRefused(RpcException refusal)
    {
        if (refusal.Code == RpcStatusCode.PermissionDenied)
        {
            _refusal = refusal.Message;
        }
    }
}
