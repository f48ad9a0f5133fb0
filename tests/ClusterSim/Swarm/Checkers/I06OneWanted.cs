using Swarm.Model;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>One task of a slot is to run; two only while the service is replaced start-first.</summary>
internal sealed class I06OneWanted(World world) : Checker(world, "I6")
{
    private readonly HashSet<SlotKey> _seen = [];

    public override void OnCommitted(Committed entry)
    {
        _seen.Clear();
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            var key = (after ?? before)!.Key;
            if (_seen.Add(key) && entry.After.Services.Get(key.ServiceId) is { } service)
                Check(entry.After, key, service);
        }
    }

    private void Check(ClusterState state, SlotKey key, ServiceRecord service)
    {
        var wanted = 0;
        foreach (var task in state.TasksIn(key))
        {
            if (task is { IsLive: true, DesiredState: TaskState.Running or TaskState.Complete }
                && !task.Status.State.IsTerminal())
                wanted++;
        }
        Require(
            wanted <= 1 || (wanted == 2 && Policies.MayStartFirst(service)),
            wanted <= 1 ? "" : $"{wanted} tasks of slot {key} are to run");
    }
}
