using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>
/// Where members are dialled: what the configuration says, and, for those it does not know (a new member has no
/// configuration at all, a removed one is to be told), what they said themselves.
/// </summary>
internal sealed class AddressBook(RaftCore core)
{
    /// <summary>Senders that are remembered.</summary>
    private const int MaxLearnt = RaftLimits.MaxMembers * 2;

    private readonly Dictionary<RaftId, RaftMember> _learnt = [];

    public void Learn(Envelope envelope)
    {
        if (envelope.FromAddress.Length == 0)
            return;
        if (_learnt.TryGetValue(envelope.From, out var known) && known.Address == envelope.FromAddress)
            return;
        if (_learnt.Count >= MaxLearnt)
            _learnt.Clear();
        _learnt[envelope.From] = new RaftMember(envelope.From, envelope.FromAddress, Learner: false, NodeId: "");
    }

    public RaftMember? Find(RaftId id) => core.Configuration.Find(id) ?? _learnt.GetValueOrDefault(id);
}
