using Swarm.Manager;
using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Follows the changes of the state, now on this member, now on that: begins with a list, goes on with what the member
/// remembers, and begins again when it is told that something is forgotten.
/// </summary>
internal sealed class SimWatcher(World world)
{
    private readonly Checks _checks = world.Checks;
    private readonly S11Watch _watch = new(world.Checks.Log);
    private SimMember? _at;
    private bool _begun;

    public void Start() => world.Timeline.After(
        Timeline.UsPerMs * (1 + world.Dice.Below(world.Plan.WatchMs * 2)), () =>
        {
            if (_checks != world.Checks)
                return;
            Look();
            Start();
        });

    private void Look()
    {
        if (_at is not { IsUp: true, IsPaused: false } || world.Dice.OneIn(20))
            _at = world.AnyMember();
        if (_at.Process?.Store.Store is not { } store)
            return;
        if (!_begun)
        {
            _watch.Begin(store.Current);
            _begun = true;
            return;
        }
        // Nothing may be waited for here: only what is there already is asked for, and the wait is called off.
        while (store.Current.LastIndex > _watch.Revision && Read(store) is { Count: > 0 } steps)
        {
            foreach (var step in steps)
                _watch.Follow(step);
            world.Coverage.Count("watch steps", steps.Count);
        }
    }

    private IReadOnlyList<StateStep> Read(ClusterStore store)
    {
        var reading = store.StepsAfterAsync(_watch.Revision, new CancellationToken(canceled: true));
        if (reading.IsCompletedSuccessfully)
            return reading.Result;
        if (reading.Exception?.InnerException is not CompactedException compacted)
            return [];
        world.Coverage.Count("watch compacted");
        if (Planted.Breaks(Rule.R20))
            _watch.Jump(compacted.Oldest);
        else
            _begun = false;
        return [];
    }
}
