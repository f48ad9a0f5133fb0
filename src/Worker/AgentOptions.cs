using System.Net.Security;
using Microsoft.Extensions.Logging;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>What an agent needs from the node that it runs on.</summary>
public sealed record AgentOptions
{
    /// <summary>Where the managers are.</summary>
    public required ManagerDirectory Managers { get; init; }

    /// <summary>TLS with this node's certificate; asked for each connection, so a renewed one is used.</summary>
    public required Func<SslClientAuthenticationOptions> Tls { get; init; }

    /// <summary>Containers.</summary>
    public required ITaskRuntime Runtime { get; init; }

    /// <summary>Subnet, peers and published ports.</summary>
    public required INodeDataPlane DataPlane { get; init; }

    /// <summary>Lines of task logs for `service logs`.</summary>
    public required ITaskLogs Logs { get; init; }

    /// <summary>For exec, attach and cp; null where there are none, which is what the caller is told.</summary>
    public ContainerRuntime? Containers { get; init; }

    /// <summary>What this node is.</summary>
    public required NodeDescription Description { get; init; }

    /// <summary>Where other nodes reach this one's containers.</summary>
    public required string NodeAddress { get; init; }

    /// <summary>HOST:PORT of the manager on this node; empty on a worker. Asked for each session.</summary>
    public required Func<string> ManagerAddress { get; init; }

    /// <summary>The newest beginning of the swarm that this node has seen; must survive a restart.</summary>
    public Func<ulong> Epoch { get; init; } = static () => 0;

    /// <summary>A manager of a newer beginning welcomed this node. Returns when that is on the disk.</summary>
    public Action<ulong> OnNewEpoch { get; init; } = static _ => { };

    /// <summary>A manager said what this node is; must only note it.</summary>
    public Action<NodeRole> OnRole { get; init; } = static _ => { };

    /// <summary>A manager refused the session for a reason that the node may have to act on.</summary>
    public Action<RpcException>? OnRefused { get; init; }

    /// <summary>Where to log.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>The node's network as the agent drives it; a seam for the simulator and tests.</summary>
public interface INodeDataPlane
{
    /// <summary>This node's subnet and the whole pool; called with each session, does nothing when unchanged.</summary>
    Task SetUpAsync(string nodeSubnet, string addressPool, CancellationToken ct);

    /// <summary>The other nodes; complete replaces.</summary>
    Task ApplyPeersAsync(PeerUpdate update, CancellationToken ct);

    /// <summary>Published services; ends when the kernel forwards by this version.</summary>
    Task ApplyMeshAsync(MeshUpdate update, CancellationToken ct);
}

/// <summary>One line of a task's output.</summary>
/// <param name="At">When it was written.</param>
/// <param name="IsStandardError">On standard error.</param>
/// <param name="Line">Without its line feed.</param>
/// <param name="Nth">The so many-th of its stream with that time, from 1.</param>
public readonly record struct TaskLogLine(
    DateTimeOffset At, bool IsStandardError, ReadOnlyMemory<byte> Line, long Nth);

/// <summary>Logs of the tasks on this node.</summary>
public interface ITaskLogs
{
    /// <summary>What is asked for of a task's log, then what comes if following.</summary>
    IAsyncEnumerable<TaskLogLine> ReadAsync(string taskId, LogQuery query, CancellationToken ct);

    /// <summary>What all lines of a task have beside them.</summary>
    IReadOnlyDictionary<string, string> DetailsOf(string taskId);
}
