using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>F1: no manager meets an entry of a format that its program does not read.</summary>
internal static class F1Formats
{
    public static void OnRestored(SimMember member, ClusterState state)
    {
        if (state.Format > member.Reads)
            throw new ViolationException("F1",
                $"{member.Id} reads up to {member.Reads}, a snapshot has {state.Format}");
    }

    public static void OnApplied(SimMember member, ulong index, StoreEntry entry)
    {
        if (StoreFormat.NeededBy(entry) > member.Reads)
            throw new ViolationException(
                "F1", $"{member.Id} reads formats up to {member.Reads}, "
                + $"entry {index} has {StoreFormat.NeededBy(entry)}");
    }
}
