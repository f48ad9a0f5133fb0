namespace Swarm.Scheduler;

/// <summary>
/// Asked where a rule of orchestration is kept. In the product the answer is always no and the question costs nothing;
/// only the simulator is built with a switch. The orchestrator is compiled with a copy of its own.
/// </summary>
internal static class Planted
{
#if SIMULATION
    [ThreadStatic]
    private static PlantedBug s_bug;

    /// <summary>The rule that is broken on this thread.</summary>
    internal static PlantedBug Bug
    {
        get => s_bug;
        set => s_bug = value;
    }

    internal static bool Has(PlantedBug bug) => s_bug == bug;
#else
    internal static bool Has(PlantedBug _) => false;
#endif
}
