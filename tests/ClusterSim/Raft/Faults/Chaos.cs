using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Lets things go wrong again and again, each kind at its own pace, until it is told to stop.</summary>
internal sealed class Chaos
{
    private readonly World _world;
    private int _era;

    public Chaos(World world)
    {
        _world = world;
        Network = new NetworkFaults(world);
        Machines = new MachineFaults(world);
        Disks = new DiskFaults(world);
    }

    public NetworkFaults Network { get; }

    public MachineFaults Machines { get; }

    public DiskFaults Disks { get; }

    /// <summary>Does something again and again, this long apart on average.</summary>
    public void Every(int meanMs, Action action)
    {
        var era = _era;
        void Plan() => _world.Timeline.After(
            Timeline.UsPerMs * (1 + _world.Dice.Below(meanMs * 2)), () =>
            {
                if (era != _era)
                    return;
                action();
                Plan();
            });
        Plan();
    }

    /// <summary>Does something once, unless the storm is over by then.</summary>
    public void After(int ms, Action action)
    {
        var era = _era;
        _world.Timeline.After(ms * Timeline.UsPerMs, () =>
        {
            if (era == _era)
                action();
        });
    }

    public void Stop() => _era++;

    /// <summary>A member that runs, if there is one.</summary>
    public SimMember? AnyUp()
    {
        var up = _world.Present.Where(m => m.IsUp).ToArray();
        return up.Length == 0 ? null : _world.Dice.Pick(up);
    }

    public RaftId[] Ids() => [.. _world.Present.Select(m => m.Id)];
}
