using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Swarm.Manager;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Worker;

namespace Swarm.Node;

/// <summary>
/// This node as a member of a swarm: its identity, its agent, and its manager if it is one. Created by init, join or at
/// start from what is on disk; disposed as a whole.
/// </summary>
internal sealed class SwarmMember : IAsyncDisposable
{
    private readonly NodeParts _parts;
    private readonly MemberState _state;
    private readonly IdentityKeeper _keeper;
    private readonly ManagerDirectory _managers;
    private readonly WorkerNetwork _network;
    private Agent? _agent;

    private SwarmMember(NodeParts parts, MemberState state, NodeIdentity identity)
    {
        _parts = parts;
        _state = state;
        _keeper = new IdentityKeeper(identity, parts.Paths.Identity, parts.Log, IsRevoked);
        _managers = new ManagerDirectory(parts.Paths.Managers);
        _network = new WorkerNetwork(new WorkerNetworkOptions
        {
            NodeAddress = IPAddress.Parse(Advertise.Host),
            RunDirectory = parts.Options.RunDir,
            DataDirectory = parts.Options.DataDir,
            ProtectedPorts = [(ushort)HostPort.Parse(state.ListenAddress).Port],
            Log = parts.Log.Note,
        });
    }

    internal NodeIdentity Identity => _keeper.Current;

    internal ManagerNode? Manager { get; private set; }

    internal HostPort Advertise => HostPort.Parse(_state.AdvertiseAddress);

    internal IReadOnlyList<string> ManagerAddresses => _managers.Addresses;

    internal bool IsConnected => _agent?.IsConnected ?? false;

    /// <summary>A manager refused this node for good: it was removed.</summary>
    internal string Refusal { get; private set; } = "";

    /// <summary>Starts from what is on disk.</summary>
    internal static async Task<SwarmMember> StartAsync(
        NodeParts parts, MemberState state, NodeIdentity identity, CancellationToken ct)
    {
        var member = new SwarmMember(parts, state, identity);
        try
        {
            if (identity.Role == CertificateRole.Manager)
            {
                member.Manager = await ManagerNode.StartAsync(member.ManagerOptions(), ct).ConfigureAwait(false);
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
        ManagerNode.Bootstrap(new SwarmMember(parts, state, identity).ManagerOptions());

    /// <summary>The agent begins to look for the leader.</summary>
    internal void StartAgent(IEnumerable<string> knownManagers)
    {
        _managers.Replace(knownManagers);
        var runtime = _parts.NewTaskRuntime(_network, _keeper.Current.NodeId);
        _agent = new Agent(new AgentOptions
        {
            Managers = _managers,
            Tls = _keeper.ClientTls,
            Runtime = runtime,
            DataPlane = _network,
            Logs = runtime,
            Description = _parts.Description,
            NodeAddress = Advertise.Host,
            ManagerAddress = () => Manager is null ? "" : Advertise.ToString(),
            OnRefused = OnRefused,
            Logger = _parts.Loggers.CreateLogger("agent"),
        });
        _agent.Start();
        _keeper.StartRenewing(_managers.Next);
        _parts.Log.Member(
            Identity.Role.ToString().ToLowerInvariant(), Identity.NodeId.Value, Identity.ClusterId.Value);
    }

    /// <summary>Completes with the reason when this process must end.</summary>
    internal async Task<Exception> BrokenAsync()
    {
        var tasks = new List<Task<Exception>>();
        if (_agent is not null)
        {
            tasks.Add(_agent.Broken);
        }

        if (Manager is not null)
        {
            tasks.Add(Manager.Broken);
        }

        return await await Task.WhenAny(tasks).ConfigureAwait(false);
    }

    /// <summary>A new manager asks the leader to take it in; tries until it is a member.</summary>
    internal async Task JoinRaftAsync(string manager, CancellationToken ct)
    {
        var address = HostPort.Parse(manager);
        await using var channel = RpcChannel.ForTcp(address.Host, address.Port, _keeper.ClientTls);
        await channel.UnaryAsync(
            RpcMethod<JoinClusterRequest, JoinClusterResponse>.Of(
                ClusterReflection.Descriptor.Services.Single(s => s.Name == "RaftPeer"), "JoinCluster"),
            new JoinClusterRequest { RaftId = _state.RaftId, Address = _state.AdvertiseAddress },
            new CallOptions { Deadline = TimeSpan.FromSeconds(20) },
            ct).ConfigureAwait(false);
    }

    /// <summary>Gives everything back: containers, network. The caller deletes what is on disk.</summary>
    internal async Task LeaveAsync(CancellationToken ct)
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync().ConfigureAwait(false);
            _agent = null;
        }

        await _parts.RemoveAllContainersAsync(_network, Identity.NodeId, ct).ConfigureAwait(false);
        await _network.RemoveAllAsync(ct).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync().ConfigureAwait(false);
        }

        if (Manager is not null)
        {
            await Manager.DisposeAsync().ConfigureAwait(false);
        }

        await _network.DisposeAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
    }

    private ManagerOptions ManagerOptions() => new()
    {
        NodeId = Identity.NodeId,
        ClusterId = Identity.ClusterId,
        RaftId = new RaftId(_state.RaftId),
        RaftDirectory = _parts.Paths.Raft,
        AdvertiseAddress = Advertise,
        Listen = IPEndPoint.Parse(_state.ListenAddress),
        ServerTls = _keeper.ServerTls,
        ClientTls = _keeper.ClientTls,
        Identify = IdentityKeeper.Identify,
        ResolveImage = _parts.ResolveImageAsync,
        Loggers = _parts.Loggers,
    };

    /// <summary>Managers know who was removed; a worker checks nobody.</summary>
    private bool IsRevoked(NodeId node) =>
        Manager?.State is { Cluster: not null } state && state.Nodes.Get(node) is null;

    private void OnRefused(RpcException refusal)
    {
        Refusal = refusal.Code == RpcStatusCode.PermissionDenied ? refusal.Message : "";
    }
}
