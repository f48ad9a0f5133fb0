using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S10: an update happens if and only if the version that was given is the one that is stored; versions rise; what is
/// refused changes nothing.
/// </summary>
internal sealed class S10CompareAndSet
{
    public static void OnApplied(StoreEntry entry, ApplyResult result)
    {
        foreach (var change in result.Changes.Services)
            Rises(change.Before?.Version ?? 0, change.After?.Version ?? ulong.MaxValue, "service");
        foreach (var change in result.Changes.Nodes)
            Rises(change.Before?.Version ?? 0, change.After?.Version ?? ulong.MaxValue, "node");
        if (entry.Actions.Length != 1)
            return;
        if (!result.Outcomes[0].IsApplied && !result.Changes.IsEmpty)
            throw new ViolationException("S10", $"{entry.Actions[0].GetType().Name} was refused, and acted");
        var (given, stored) = entry.Actions[0] switch
        {
            StoreAction.UpdateServiceSpec u => (u.Version, result.Changes.Services.FirstOrDefault().Before?.Version),
            StoreAction.UpdateNodeSpec u => (u.Version, result.Changes.Nodes.FirstOrDefault().Before?.Version),
            _ => (0UL, (ulong?)null),
        };
        if (given != 0 && stored is { } version && version != given)
            throw new ViolationException("S10", $"an update of version {given} changed version {version}");
    }

    private static void Rises(ulong before, ulong after, string what)
    {
        if (after <= before)
            throw new ViolationException("S10", $"a {what} goes from version {before} to {after}");
    }
}
