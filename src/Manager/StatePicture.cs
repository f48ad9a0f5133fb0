using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>An immutable picture of the state: written and hashed on any thread while entries go on.</summary>
internal sealed class StatePicture(ClusterState state, HashKeeper hashes) : IStatePicture
{
    /// <inheritdoc/>
    public ulong Index => state.LastIndex;

    /// <inheritdoc/>
    public void WriteTo(Stream target) => SnapshotCodec.Write(state, target);

    /// <inheritdoc/>
    public UInt128 Hash() => hashes.Of(state);
}

/// <summary>Hashes states, each from the one before it: only what changed is hashed again.</summary>
internal sealed class HashKeeper
{
    private readonly Lock _gate = new();
    private readonly HashMemory _memory = new();
    private ClusterState _state = ClusterState.Empty;
    private UInt128 _hash = ClusterState.Empty.Hash128;

    internal UInt128 Of(ClusterState state)
    {
        lock (_gate)
        {
            _hash = StateHash.Next(_hash, _state, state, _memory);
            _state = state;
            return _hash;
        }
    }
}
