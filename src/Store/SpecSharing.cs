namespace Swarm.Store;

/// <summary>
/// One document in memory for what does not differ. Most updates leave most of a spec as it is; state and history
/// would keep it once for each version otherwise, and the planner finds two references to one document equal at once.
/// </summary>
public static class SpecSharing
{
    /// <summary>
    /// Puts what the state has already in place of equal parts of an entry. The entry must have been decoded for this
    /// state alone, and nobody else may know it yet; its meaning stays the same.
    /// </summary>
    public static void Share(StoreEntry entry, ClusterState state)
    {
        foreach (var action in entry.Actions)
        {
            if (action is StoreAction.UpdateServiceSpec update
                && state.Services.Get(update.Id)?.Spec.Task is { } known && known.Equals(update.Spec.Task))
            {
                update.Spec.Task = known;
            }
        }
    }
}
