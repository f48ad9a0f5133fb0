using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>One task of a slot is to run; two only while the service is replaced start-first.</summary>
internal sealed class I06OneWanted(World world) : Checker(world, "I6")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var key in entry.Result.Changes.Tasks.Select(t => (t.After ?? t.Before)!.Key).Distinct())
        {
            if (entry.After.Services.Get(key.ServiceId) is not { } service)
                continue;
            var wanted = entry.After.TasksIn(key)
                .Where(t => t.IsLive && t.DesiredState is TaskState.Running or TaskState.Complete)
                .Where(t => !t.Status.State.IsTerminal()).ToList();
            var most = Policies.MayStartFirst(service) ? 2 : 1;
            Require(
                wanted.Count <= most,
                () => $"{wanted.Count} tasks of slot {key} are to run: {string.Join(' ', wanted.Select(t => t.Id))}");
        }
    }
}
