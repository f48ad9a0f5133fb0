using Swarm.Manager.Core;
using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>One stream between a node and the leader: both directions keep their order, and it can break.</summary>
internal sealed class SimSession(World world, SimWorker worker, Leader leader)
{
    private readonly Queue<Action<Leader>> _up = new();
    private readonly Queue<SessionResponse?> _down = new();
    private Action? _arriveUp;
    private Action? _arriveDown;
    private long _upUs;
    private long _downUs;

    public SimWorker Worker { get; } = worker;

    public Leader Leader { get; } = leader;

    public SessionNumber Number { get; set; }

    /// <summary>Nothing arrives any more, in either direction.</summary>
    public bool IsBroken { get; private set; }

    public long HeardUs { get; set; } = world.Time.NowUs;

    /// <summary>What its node does once a period; made once, as there are so many.</summary>
    public Action? OnBeat { get; set; }

    public Action? OnWatch { get; set; }

    public Action<Leader>? Heartbeat { get; set; }

    /// <summary>The leader gets something of the node.</summary>
    public void Up(Action<Leader> deliver)
    {
        _upUs = Arrival(_upUs);
        _up.Enqueue(deliver);
        world.Time.At(_upUs, _arriveUp ??= ArriveUp);
    }

    /// <summary>The node gets something of the leader; null when that is the end of the stream.</summary>
    public void Down(SessionResponse? message)
    {
        _downUs = Arrival(_downUs);
        _down.Enqueue(message);
        world.Time.At(_downUs, _arriveDown ??= ArriveDown);
    }

    private void ArriveUp()
    {
        var deliver = _up.Dequeue();
        if (IsBroken || world.Leader != Leader || !Worker.IsReachable)
            return;
        Worker.Heard.Now();
        deliver(Leader);
    }

    private void ArriveDown()
    {
        var message = _down.Dequeue();
        if (IsBroken || !Worker.IsReachable)
            return;
        if (message is null)
            Break();
        else
            Worker.Take(this, message);
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
