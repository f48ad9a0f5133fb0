namespace Swarm.Raft;

/// <summary>Asked where a rule is kept. In the product the answer is always no and the question costs nothing; only the
/// simulator is built with a switch.</summary>
internal static class Planted
{
#if SIMULATION
    /// <summary>Some limits are small in the simulator, so that they are met all the time.</summary>
    internal const bool InSimulation = true;

    [ThreadStatic]
    private static Rule s_broken;

    /// <summary>The rule that is broken on this thread.</summary>
    internal static Rule Broken
    {
        get => s_broken;
        set => s_broken = value;
    }

    internal static bool Breaks(Rule rule) => s_broken == rule;

    /// <summary>Errors of failed disk operations that a planted bug did not look at.</summary>
    internal static long Swallowed { get; private set; }

    /// <summary>Does something and does not look whether it failed.</summary>
    internal static void Swallow(Action action)
    {
        try
        {
            action();
        }
        catch (Storage.StorageFailedException)
        {
            Swallowed++;
        }
    }
#else
    /// <summary>Some limits are small in the simulator, so that they are met all the time.</summary>
    internal const bool InSimulation = false;

    internal static bool Breaks(Rule _) => false;

    /// <summary>Never reached in the product.</summary>
    internal static void Swallow(Action action) => action();
#endif
}
