using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>Planted bugs of the rules that the state machine keeps.</summary>
internal static class StoreFlaws
{
    public static ReadOnlyMemory<byte> Entry(ReadOnlyMemory<byte> data, SimMember member)
    {
        if (Planted.Breaks(Rule.R18))
            return EntryCodec.Encode(EntryCodec.Decode(data.Span) with { Request = null });
        if (Planted.Breaks(Rule.R22))
            return EntryCodec.Encode(EntryCodec.Decode(data.Span) with { At = member.Clock.GetUtcNow() });
        return data;
    }
}
