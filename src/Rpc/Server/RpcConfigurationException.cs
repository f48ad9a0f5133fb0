namespace Swarm.Rpc;

/// <summary>A server that cannot be started as it was put together; the message lists every fault.</summary>
public sealed class RpcConfigurationException : Exception
{
    internal RpcConfigurationException(IReadOnlyList<string> faults)
        : base("the RPC server cannot start: " + string.Join("; ", faults)) => Faults = faults;

    public IReadOnlyList<string> Faults { get; }
}
