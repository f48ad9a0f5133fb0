using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>
/// The rules that every service spec keeps before it is stored: what docker rejects and what it wrongly accepts
/// (bad-input.md 4.1 and 4.2). All faults are found in one go. The manager and swarmctl run the same code.
/// </summary>
public static class SpecValidator
{
    /// <summary>Encoded size of a spec, in bytes.</summary>
    public const int MaxSpecBytes = 512 * 1024;

    /// <summary>Replicas of one service.</summary>
    public const ulong MaxReplicas = 100_000;

    /// <summary>All labels of one object together, in characters.</summary>
    public const int MaxLabelChars = 64 * 1024;

    /// <summary>Every fault; empty when the spec may be stored.</summary>
    public static IReadOnlyList<SpecFault> Check(ServiceSpec spec)
    {
        var faults = new FaultCollector();
        Names.CheckService(spec.Name, faults);
        Labels(spec.Labels, "labels", faults);
        Mode(spec, faults);
        if (spec.Task is null)
        {
            faults.Add("task", "", "must be given", "say what to run");
        }
        else
        {
            ContainerRules.Check(spec.Task.Container, faults.Under("task.container"));
            ResourceRules.Check(spec.Task, faults.Under("task"));
            RestartRules(spec.Task.Restart, faults.Under("task.restart"));
            LogRules.Check(spec.Task.LogDriver, faults.Under("task.log_driver"));
            AttachFirst(spec, faults.Under("task.container"));
        }

        Update(spec.Update, faults.Under("update"));
        Update(spec.Rollback, faults.Under("rollback"));
        PortRules.Check(spec.Endpoint, faults.Under("endpoint"));
        if (spec.CalculateSize() > MaxSpecBytes)
        {
            faults.Add("spec", "", $"is larger than {MaxSpecBytes} bytes", "move data into files or images");
        }

        return faults.All;
    }

    internal static void Labels(IEnumerable<KeyValuePair<string, string>> labels, string field, FaultCollector faults)
    {
        var chars = 0;
        foreach (var (key, value) in labels)
        {
            chars += key.Length + value.Length;
            if (key.Length == 0)
            {
                faults.Add(field, $"={value}", "a label needs a name", "write name=value");
            }
        }

        if (chars > MaxLabelChars)
        {
            faults.Add(field, "", $"labels hold {chars} characters, {MaxLabelChars} is the limit", "use fewer");
        }
    }

    private static void Mode(ServiceSpec spec, FaultCollector faults)
    {
        if (spec.ModeCase == ServiceSpec.ModeOneofCase.None)
        {
            faults.Add("mode", "", "must be given", "use replicated, global, replicated-job or global-job");
        }

        if (spec.IsJob() && (spec.Update is not null || spec.Rollback is not null))
        {
            faults.Add(
                "update", "", "update and rollback policies cannot be used with a job: it is run again as a whole",
                "leave them out");
        }

        if (spec.ModeCase == ServiceSpec.ModeOneofCase.ReplicatedJob)
        {
            Job(spec.ReplicatedJob, faults);
        }

        if (spec.Replicas() > MaxReplicas)
        {
            faults.Add(
                "replicas", $"{spec.Replicas()}", $"a service has {MaxReplicas} replicas at most", "ask for fewer");
        }
    }

    private static void Job(ReplicatedJobMode job, FaultCollector faults)
    {
        if (job.HasTotalCompletions && job.TotalCompletions == 0)
        {
            faults.Add("replicas", "0", "a job needs at least one completion", "use 1 or more");
        }

        faults.NotNegative("remove_after", job.HasRemoveAfterNs ? job.RemoveAfterNs : 0);
        foreach (var (field, value) in new[]
        {
            ("replicas", job.TotalCompletions), ("max_concurrent", job.MaxConcurrent),
        })
        {
            if (value > MaxReplicas)
            {
                faults.Add(field, $"{value}", $"a job has {MaxReplicas} tasks at most", "ask for fewer");
            }
        }
    }

    /// <summary>Nobody could attach to all of several tasks, and to none that is started again.</summary>
    private static void AttachFirst(ServiceSpec spec, FaultCollector faults)
    {
        if (spec.Task.Container is { AttachFirst: true }
            && (spec.TotalCompletions() != 1
                || spec.Task.RestartConditionOrDefault() != RestartPolicy.Types.Condition.None))
        {
            faults.Add(
                "attach_first", "true", "goes with a job of one task that is not restarted",
                "use mode replicated-job and restart condition none, or leave it out");
        }
    }

    private static void RestartRules(RestartPolicy? restart, FaultCollector faults)
    {
        if (restart is null)
        {
            return;
        }

        faults.NotNegative("delay", restart.HasDelayNs ? restart.DelayNs : 0);
        faults.NotNegative("window", restart.WindowNs);
        if (!Enum.IsDefined(restart.Condition))
        {
            faults.Add("condition", $"{(int)restart.Condition}", "is unknown", "use none, on-failure or any");
        }
    }

    private static void Update(UpdatePolicy? policy, FaultCollector faults)
    {
        if (policy is null)
        {
            return;
        }

        faults.NotNegative("delay", policy.DelayNs);
        faults.NotNegative("monitor", policy.HasMonitorNs ? policy.MonitorNs : 0);
        if (policy.MaxFailureRatio is < 0 or > 1 || float.IsNaN(policy.MaxFailureRatio))
        {
            faults.Add("max_failure_ratio", $"{policy.MaxFailureRatio}", "is not between 0 and 1", "use 0 to 1");
        }

        if (!Enum.IsDefined(policy.FailureAction))
        {
            faults.Add("failure_action", $"{(int)policy.FailureAction}", "is unknown",
                "use pause, continue or rollback");
        }

        if (!Enum.IsDefined(policy.Order))
        {
            faults.Add("order", $"{(int)policy.Order}", "is unknown", "use stop-first or start-first");
        }
    }
}

/// <summary>The rules of a node's spec.</summary>
public static class NodeSpecValidator
{
    /// <summary>Every fault; empty when the spec may be stored.</summary>
    public static IReadOnlyList<SpecFault> Check(NodeSpec spec)
    {
        var faults = new FaultCollector();
        SpecValidator.Labels(spec.Labels, "labels", faults);
        if (!Enum.IsDefined(spec.Availability))
        {
            faults.Add("availability", $"{(int)spec.Availability}", "is unknown", "use active, pause or drain");
        }

        if (!Enum.IsDefined(spec.Role))
        {
            faults.Add("role", $"{(int)spec.Role}", "is unknown", "use worker or manager");
        }

        return faults.All;
    }
}
