using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// What was committed first anywhere, for ever, and the state that a full replay of it gives. Checkers compare members
/// with it.
/// </summary>
/// <param name="baseIndex">What a new cluster began with: nothing, or the state after an entry of an old one.</param>
/// <param name="baseState">That state.</param>
internal sealed class CommittedLog(ulong baseIndex, ClusterState baseState)
{
    private readonly List<Committed> _entries = [];
    private readonly (ClusterState State, UInt128 Hash) _base = (baseState, StateHash.Of(baseState));
    private ClusterState _state = baseState;
    private UInt128 _hash = StateHash.Of(baseState);

    /// <summary>Entries up to here are in the state that this cluster began with.</summary>
    public ulong BaseIndex => baseIndex;

    /// <param name="Entry">It.</param>
    /// <param name="Fingerprint">Hash of its bytes.</param>
    /// <param name="CommittedIn">Term of the member that committed it first.</param>
    /// <param name="State">After it.</param>
    /// <param name="StateHash">Of that state.</param>
    internal sealed record Committed(
        RaftEntry Entry, ulong Fingerprint, ulong CommittedIn, ClusterState State, UInt128 StateHash)
    {
        /// <summary>What clients asked for; null in entries of raft's own.</summary>
        public StoreEntry? Decoded { get; init; }
    }

    public ulong LastIndex => baseIndex + (ulong)_entries.Count;

    /// <summary>The state after all of it.</summary>
    public ClusterState State => _state;

    public Committed At(ulong index) => _entries[(int)(index - baseIndex) - 1];

    /// <summary>State and its hash after an entry, which may be the base.</summary>
    public (ClusterState State, UInt128 Hash) StateAt(ulong index) =>
        index <= baseIndex ? _base : (At(index).State, At(index).StateHash);

    /// <summary>Takes the next entry; false when there is one at this index already.</summary>
    public bool TryAdd(RaftEntry entry, ulong term)
    {
        if (entry.Index <= LastIndex)
            return false;
        var decoded = entry.Type == EntryType.Normal ? EntryCodec.Decode(entry.Data.Span) : null;
        if (decoded is not null)
        {
            var next = _state.Apply(decoded, entry.Index).State;
            _hash = StateHash.Next(_hash, _state, next);
            _state = next;
        }
        _entries.Add(new(entry, S2LogMatching.HashOf(entry), term, _state, _hash) { Decoded = decoded });
        return true;
    }
}
