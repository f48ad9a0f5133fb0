using System.Net;

namespace Swarm.Worker;

/// <summary>What the node says about its network.</summary>
public sealed record WorkerNetworkOptions
{
    /// <summary>Where other nodes reach this one.</summary>
    public required IPAddress NodeAddress { get; init; }

    /// <summary>For network namespaces; gone after a reboot.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>For what has to survive the daemon.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The daemon's own ports: containers may not reach them, services may not take them.</summary>
    public IReadOnlyList<ushort> ProtectedPorts { get; init; } = [];

    /// <summary>Told what an operator wants to know.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}
