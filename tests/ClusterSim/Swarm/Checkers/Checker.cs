using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Watches one invariant: looks at what changed and throws when it is broken.</summary>
internal abstract class Checker(World world, string name)
{
    /// <summary>Its name in the list of invariants.</summary>
    public string Name { get; } = name;

    protected World World { get; } = world;

    /// <summary>How many times there was something to look at: a checker that never looks proves nothing.</summary>
    public long Looks { get; protected set; }

    public virtual void OnCommitted(Committed entry)
    {
    }

    public virtual void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
    }

    public virtual void OnLeader(Leader leader)
    {
    }

    public virtual void OnStarted(SimWorker worker, SimContainer container)
    {
    }

    public virtual void OnEnded(SimWorker worker, SimContainer container, bool ordered)
    {
    }

    /// <summary>A host is about to lose its power, and all containers with it.</summary>
    public virtual void OnPowerCut(SimWorker worker)
    {
    }

    /// <summary>Twice a second.</summary>
    public virtual void OnSecond()
    {
    }

    /// <summary>Faults have ended and the cluster has had its time.</summary>
    public virtual void OnCalm()
    {
    }

    protected void Require(bool holds, string what)
    {
        Looks++;
        if (!holds)
            throw new ViolationException(Name, what);
    }

    protected void Require(bool holds, Func<string> what)
    {
        Looks++;
        if (!holds)
            throw new ViolationException(Name, what());
    }
}
