namespace Swarm.ClusterSim.Raft;

/// <summary>A way in which things go wrong. Each run has one.</summary>
internal abstract class Scenario
{
    /// <summary>For people and for coverage.</summary>
    public string Name => GetType().Name;

    public abstract Plan MakePlan(Dice dice);

    /// <summary>The cluster runs; the storm begins.</summary>
    public abstract void Begin(World world);

    /// <summary>The storm is over; what had to hold during it is checked.</summary>
    public virtual void End(World world)
    {
    }
}
