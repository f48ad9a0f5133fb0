using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>When a job is run again (behaviour.md G).</summary>
internal static class JobRules
{
    /// <summary>
    /// Another task or another number of completions begins the job anew; labels and the number of tasks at a time
    /// do not touch what runs or has ended.
    /// </summary>
    internal static ServiceRecord Begin(StateDraft draft, ServiceRecord old, ServiceRecord next)
    {
        if (!next.IsJob || (Equals(old.Spec.Task, next.Spec.Task)
            && old.Spec.TotalCompletions() == next.Spec.TotalCompletions()))
        {
            return next;
        }

        return next with
        {
            JobIteration = old.JobIteration + 1,
            JobSpecVersion = next.SpecVersion,
            JobStartedAt = draft.At,
        };
    }

    /// <summary>
    /// Back to the previous spec, and the job is run with it from the beginning. It gets a version of its own: under
    /// the old one tasks of an earlier iteration would count again.
    /// </summary>
    internal static ServiceRecord RollBack(StateDraft draft, ServiceRecord service)
    {
        var spec = service.PreviousSpec!;
        return service with
        {
            Spec = spec,
            SpecVersion = draft.Index,
            PreviousSpec = service.Spec,
            PreviousSpecVersion = service.SpecVersion,
            KeptSpecs = service.KeptSpecs.SetItem(draft.Index, spec),
            Update = null,
            JobIteration = service.JobIteration + 1,
            JobSpecVersion = draft.Index,
            JobStartedAt = draft.At,
        };
    }
}
