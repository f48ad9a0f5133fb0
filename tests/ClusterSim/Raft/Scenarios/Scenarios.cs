namespace Swarm.ClusterSim.Raft;

/// <summary>All scenarios and how often each is drawn.</summary>
internal static class Scenarios
{
    private static readonly (int Weight, Func<Scenario> Make)[] All =
    [
        (30, () => new Mixed()),
        (4, () => new LoneVoter()),
        (6, () => new PowerLosses()),
        (6, () => new FigureEight()),
        (6, () => new RacingChanges()),
        (4, () => new Undisturbed()),
        (4, () => new DriftedTerms()),
        (6, () => new OddTopologies()),
        (6, () => new StaleReaders()),
        (6, () => new LateMessages()),
        (4, () => new Transfers()),
        (4, () => new SlowFollower()),
        (3, () => new Bursts()),
        (4, () => new Learners()),
        (10, () => new RottenDisks()),
        (4, () => new Strangers()),
        (4, () => new FullDisks()),
        (13, () => new ForcedAnew()),
        (4, () => new OldAnswers()),
        (6, () => new FreshLeaders()),
        (8, () => new SnapshotRaces()),
        (3, () => new LateEntries()),
        (10, () => new Upgrades()),
        (5, () => new Starved()),
        (5, () => new Hanging()),
    ];

    public static Scenario Draw(Dice dice, string? only)
    {
        var at = dice.Below(All.Sum(s => s.Weight));
        if (only is not null)
            return All.Select(s => s.Make()).First(s => s.Name.Equals(only, StringComparison.OrdinalIgnoreCase));
        foreach (var (weight, make) in All)
        {
            if ((at -= weight) < 0)
                return make();
        }
        throw new InvalidOperationException("weights do not add up");
    }
}
