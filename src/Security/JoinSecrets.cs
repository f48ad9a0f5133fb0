namespace Swarm.Security;

/// <summary>The secrets of the two tokens that are valid now, 16 bytes each, never equal.</summary>
public readonly ref struct JoinSecrets(ReadOnlySpan<byte> worker, ReadOnlySpan<byte> manager)
{
    /// <summary>Lets a node join as worker.</summary>
    public ReadOnlySpan<byte> Worker { get; } = worker;

    /// <summary>Lets a node join as manager.</summary>
    public ReadOnlySpan<byte> Manager { get; } = manager;
}
