using Swarm.Manager.Core;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>One stream between a node and the leader: both directions keep their order, and it can break.</summary>
internal sealed class SimSession(World world, SimWorker worker, Leader leader)
{
    private long _upUs;
    private long _downUs;

    public SimWorker Worker { get; } = worker;

    public Leader Leader { get; } = leader;

    public SessionNumber Number { get; set; }

    /// <summary>Nothing arrives any more, in either direction.</summary>
    public bool IsBroken { get; private set; }

    public long HeardUs { get; set; } = world.Time.NowUs;

    /// <summary>The leader gets something of the node.</summary>
    public void Up(Action<Leader> deliver)
    {
        _upUs = Arrival(_upUs);
        world.Time.At(_upUs, () =>
        {
            if (IsBroken || world.Leader != Leader || !Worker.IsReachable)
                return;
            Worker.Heard.Now();
            deliver(Leader);
        });
    }

    /// <summary>The node gets something of the leader.</summary>
    public void Down(Action<SimSession> deliver)
    {
        _downUs = Arrival(_downUs);
        world.Time.At(_downUs, () =>
        {
            if (!IsBroken && Worker.IsReachable)
                deliver(this);
        });
    }

    /// <summary>Both ends learn of it: the node at once, the leader when it does.</summary>
    public void Break(long leaderLearnsUs = 0)
    {
        if (IsBroken)
            return;
        IsBroken = true;
        Worker.SessionEnded(this);
        world.Time.After(leaderLearnsUs, () =>
        {
            if (world.Leader == Leader)
                Leader.Closed(this);
        });
    }

    private long Arrival(long last) => Math.Max(
        last, world.Time.NowUs + world.Dice.Between(world.Options.NetworkMinUs, world.Options.NetworkMaxUs));
}
