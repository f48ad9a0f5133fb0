using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Questions about specs that several checkers ask, answered without the planner's code.</summary>
internal static class Policies
{
    /// <summary>Two tasks of a slot may run at a time now: some spec that is or was in force says so.</summary>
    public static bool MayStartFirst(ServiceRecord service) => service.KeptSpecs.Values.Append(service.Spec)
        .Concat(service.PreviousSpec is { } previous ? [previous] : [])
        .Any(s => s.Update.IsStartFirst() || s.Rollback.IsStartFirst());

    public static UpdatePolicy Now(ServiceRecord service) =>
        (service.Update is { IsRollback: true } ? service.Spec.Rollback : service.Spec.Update) ?? new UpdatePolicy();

    public static TimeSpan Delay(ServiceSpec spec) => (spec.Task ?? new TaskSpec()).RestartDelayOrDefault();
}
