using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>What the flags that create and update share do to a spec.</summary>
internal static class SpecEdits
{
    private static readonly string[] GenericFlags = ["generic-resource", "generic-resource-add"];

    /// <summary>Applies every shared flag that was given.</summary>
    internal static void Shared(ServiceSpec spec, FlagValues flags)
    {
        OnlyOne(flags);
        Container(spec.Task.Container, flags);
        Resources(spec.Task, flags);
        Restart(spec.Task, flags);
        spec.Update = Policy(spec.Update, "update", flags);
        spec.Rollback = Policy(spec.Rollback, "rollback", flags);
        Mode(spec, flags);
        LogDriver(spec.Task, flags);
    }

    private static void Container(ContainerSpec container, FlagValues flags)
    {
        flags.Apply("hostname", v => container.Hostname = v);
        flags.Apply("user", v => container.User = v);
        flags.Apply("workdir", v => container.Workdir = v);
        flags.Apply("stop-signal", v => container.StopSignal = v);
        flags.Apply("stop-grace-period", v => container.StopGracePeriodNs = Units.DurationNs("--stop-grace-period", v));
        flags.Apply("entrypoint", v => Replace(container.Command, ShellWords.Split("--entrypoint", v)));
        flags.Apply("read-only", _ => container.ReadOnly = flags.IsOn("read-only"));
        flags.Apply("init", _ => container.Init = flags.IsOn("init"));
        flags.Apply("tty", _ => container.Tty = flags.IsOn("tty"));
        flags.Apply("oom-score-adj", v => container.OomScoreAdj = Units.Whole("--oom-score-adj", v));
        CapabilityLists(container, flags);
        flags.Try(() => HealthFlags.Apply(container, flags));
    }

    /// <summary>As docker: what is dropped is no longer added and the other way round; RESET begins anew.</summary>
    private static void CapabilityLists(ContainerSpec container, FlagValues flags)
    {
        var add = flags.All("cap-add");
        var drop = flags.All("cap-drop");
        Replace(container.CapabilityAdd, Next(container.CapabilityAdd, add, drop));
        Replace(container.CapabilityDrop, Next(container.CapabilityDrop, drop, add));
    }

    private static IEnumerable<string> Next(
        IEnumerable<string> stored, IReadOnlyList<string> more, IReadOnlyList<string> opposite)
    {
        static bool IsReset(string name) => name.Equals("RESET", StringComparison.OrdinalIgnoreCase);
        var gone = opposite.Where(n => !IsReset(n)).Select(Capabilities.Canonical).ToHashSet(StringComparer.Ordinal);
        return (more.Any(IsReset) ? [] : stored.Where(n => !gone.Contains(Capabilities.Canonical(n))))
            .Concat(more.Where(n => !IsReset(n))).DistinctBy(Capabilities.Canonical);
    }

    /// <summary>What there is one of: said so that scripts run, anything else refused.</summary>
    private static void OnlyOne(FlagValues flags)
    {
        flags.Apply("isolation", v => _ = v is "" or "default"
            ? v
            : throw new UsageException($"--isolation '{v}': there is one kind of isolation on Linux; use default"));
        flags.Apply("endpoint-mode", v => _ = v switch
        {
            "" or "vip" => v,
            "dnsrr" => throw new CtlException(
                ExitCode.Refused,
                "--endpoint-mode 'dnsrr' is not available in this version: names of services in DNS are not there yet; "
                + "use vip and publish the port"),
            _ => throw new UsageException($"--endpoint-mode '{v}': unknown; use vip"),
        });
    }

    private static void Resources(TaskSpec task, FlagValues flags)
    {
        flags.Apply("limit-cpu", v => (task.Limits ??= new()).NanoCpus = Units.NanoCpus("--limit-cpu", v));
        flags.Apply("limit-memory", v => (task.Limits ??= new()).MemoryBytes = Units.Bytes("--limit-memory", v));
        flags.Apply("limit-pids", v => (task.Limits ??= new()).Pids = (long)Units.Count("--limit-pids", v));
        flags.Apply("reserve-cpu", v => (task.Reservations ??= new()).NanoCpus = Units.NanoCpus("--reserve-cpu", v));
        flags.Apply("reserve-memory", v =>
            (task.Reservations ??= new()).MemoryBytes = Units.Bytes("--reserve-memory", v));
        flags.Try(() => Generic(task, flags));
        flags.Apply("replicas-max-per-node", v =>
            (task.Placement ??= new()).MaxReplicasPerNode = Units.Count("--replicas-max-per-node", v));
    }

    /// <summary>A kind that is added again is reserved in the new number.</summary>
    private static void Generic(TaskSpec task, FlagValues flags)
    {
        foreach (var flag in GenericFlags.Where(f => flags.All(f).Any()))
        {
            IReadOnlyList<GenericResource> wanted;
            try
            {
                wanted = GenericResources.ParseReservation(flags.All(flag));
            }
            catch (FormatException e)
            {
                throw new UsageException($"--{flag}: {e.Message}");
            }

            Drop(task, wanted.Select(w => w.Kind));
            (task.Reservations ??= new()).Generic.Add(wanted);
        }

        Drop(task, flags.All("generic-resource-rm").Select(k => k.Split('=')[0]));
    }

    private static void Drop(TaskSpec task, IEnumerable<string> kinds)
    {
        foreach (var gone in (task.Reservations?.Generic ?? []).Where(g => kinds.Contains(g.Kind)).ToList())
        {
            task.Reservations!.Generic.Remove(gone);
        }
    }

    private static void Restart(TaskSpec task, FlagValues flags)
    {
        flags.Apply("restart-condition", v => (task.Restart ??= new()).Condition = v switch
        {
            "none" => RestartPolicy.Types.Condition.None,
            "on-failure" => RestartPolicy.Types.Condition.OnFailure,
            "any" => RestartPolicy.Types.Condition.Any,
            _ => throw new UsageException($"--restart-condition '{v}': unknown; use none, on-failure or any"),
        });
        flags.Apply("restart-delay", v => (task.Restart ??= new()).DelayNs = Units.DurationNs("--restart-delay", v));
        flags.Apply("restart-window", v => (task.Restart ??= new()).WindowNs = Units.DurationNs("--restart-window", v));
        flags.Apply("restart-max-attempts", v =>
            (task.Restart ??= new()).MaxAttempts = Units.Count("--restart-max-attempts", v));
    }

    private static UpdatePolicy? Policy(UpdatePolicy? policy, string prefix, FlagValues flags)
    {
        string Flag(string name) => $"--{prefix}-{name}";
        flags.Apply(prefix + "-parallelism", v =>
            (policy ??= new()).Parallelism = Units.Count(Flag("parallelism"), v));
        flags.Apply(prefix + "-delay", v => (policy ??= new()).DelayNs = Units.DurationNs(Flag("delay"), v));
        flags.Apply(prefix + "-monitor", v => (policy ??= new()).MonitorNs = Units.DurationNs(Flag("monitor"), v));
        flags.Apply(prefix + "-max-failure-ratio", v =>
            (policy ??= new()).MaxFailureRatio = Units.Ratio(Flag("max-failure-ratio"), v));
        flags.Apply(prefix + "-order", v => (policy ??= new()).Order = v switch
        {
            "stop-first" => UpdatePolicy.Types.Order.StopFirst,
            "start-first" => UpdatePolicy.Types.Order.StartFirst,
            _ => throw new UsageException($"{Flag("order")} '{v}': unknown; use stop-first or start-first"),
        });
        flags.Apply(prefix + "-failure-action", v => (policy ??= new()).FailureAction = v switch
        {
            "pause" => UpdatePolicy.Types.FailureAction.Pause,
            "continue" => UpdatePolicy.Types.FailureAction.Continue,
            "rollback" when prefix == "update" => UpdatePolicy.Types.FailureAction.Rollback,
            _ => throw new UsageException(
                $"{Flag("failure-action")} '{v}': unknown; use pause, "
                    + $"continue{(prefix == "update" ? " or rollback" : "")}"),
        });
        return policy;
    }

    private static void Mode(ServiceSpec spec, FlagValues flags)
    {
        flags.Apply("replicas", v =>
        {
            var count = Units.Count("--replicas", v, SpecValidator.MaxReplicas);
            switch (spec.ModeCase)
            {
                case ServiceSpec.ModeOneofCase.Replicated:
                    spec.Replicated = new ReplicatedMode { Replicas = count };
                    break;
                case ServiceSpec.ModeOneofCase.ReplicatedJob:
                    spec.ReplicatedJob.TotalCompletions = count;
                    break;
                default:
                    throw new UsageException(
                        "--replicas can only be used with replicated or replicated-job mode; a global service has one "
                        + "task on each node");
            }
        });
        flags.Apply("max-concurrent", v =>
        {
            if (spec.ModeCase != ServiceSpec.ModeOneofCase.ReplicatedJob)
            {
                throw new UsageException("--max-concurrent can only be used with replicated-job mode");
            }

            spec.ReplicatedJob.MaxConcurrent = Units.Count("--max-concurrent", v, SpecValidator.MaxReplicas);
        });
    }

    /// <summary>Which names and options there are is for the manager to say. Options belong to their driver: another
    /// one begins without.</summary>
    private static void LogDriver(TaskSpec task, FlagValues flags)
    {
        flags.Apply("log-driver", v => task.LogDriver = new() { Name = v });
        foreach (var (key, value) in flags.All("log-opt", o => KeyValues.Split("--log-opt", o)))
        {
            (task.LogDriver ??= new() { Name = "json-file" }).Options[key] = value;
        }
    }

    internal static void Replace<T>(Google.Protobuf.Collections.RepeatedField<T> field, IEnumerable<T> values)
    {
        var next = values.ToList();
        field.Clear();
        field.Add(next);
    }
}
