using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>What the flags that create and update share do to a spec.</summary>
internal static class SpecEdits
{
    /// <summary>Applies every shared flag that was given.</summary>
    internal static void Shared(ServiceSpec spec, FlagValues flags)
    {
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
        Text(flags, "hostname", v => container.Hostname = v);
        Text(flags, "user", v => container.User = v);
        Text(flags, "workdir", v => container.Workdir = v);
        Text(flags, "stop-signal", v => container.StopSignal = v);
        Text(flags, "stop-grace-period", v => container.StopGracePeriodNs = Units.DurationNs("--stop-grace-period", v));
        Text(flags, "entrypoint", v => Replace(container.Command, ShellWords.Split(v)));
        if (flags.Has("read-only"))
        {
            container.ReadOnly = flags.IsOn("read-only");
        }

        if (flags.Has("init"))
        {
            container.Init = flags.IsOn("init");
        }

        if (flags.Has("tty"))
        {
            container.Tty = flags.IsOn("tty");
        }

        container.CapabilityAdd.Add(flags.All("cap-add").Except(container.CapabilityAdd));
        container.CapabilityDrop.Add(flags.All("cap-drop").Except(container.CapabilityDrop));
    }

    private static void Resources(TaskSpec task, FlagValues flags)
    {
        Text(flags, "limit-cpu", v => (task.Limits ??= new()).NanoCpus = Units.NanoCpus("--limit-cpu", v));
        Text(flags, "limit-memory", v => (task.Limits ??= new()).MemoryBytes = Units.Bytes("--limit-memory", v));
        Text(flags, "limit-pids", v => (task.Limits ??= new()).Pids = (long)Units.Count("--limit-pids", v));
        Text(flags, "reserve-cpu", v => (task.Reservations ??= new()).NanoCpus = Units.NanoCpus("--reserve-cpu", v));
        Text(flags, "reserve-memory", v =>
            (task.Reservations ??= new()).MemoryBytes = Units.Bytes("--reserve-memory", v));
        Text(flags, "replicas-max-per-node", v =>
            (task.Placement ??= new()).MaxReplicasPerNode = Units.Count("--replicas-max-per-node", v));
    }

    private static void Restart(TaskSpec task, FlagValues flags)
    {
        Text(flags, "restart-condition", v => (task.Restart ??= new()).Condition = v switch
        {
            "none" => RestartPolicy.Types.Condition.None,
            "on-failure" => RestartPolicy.Types.Condition.OnFailure,
            "any" => RestartPolicy.Types.Condition.Any,
            _ => throw new UsageException($"--restart-condition '{v}': unknown; use none, on-failure or any"),
        });
        Text(flags, "restart-delay", v => (task.Restart ??= new()).DelayNs = Units.DurationNs("--restart-delay", v));
        Text(flags, "restart-window", v => (task.Restart ??= new()).WindowNs = Units.DurationNs("--restart-window", v));
        Text(flags, "restart-max-attempts", v =>
            (task.Restart ??= new()).MaxAttempts = Units.Count("--restart-max-attempts", v));
    }

    private static UpdatePolicy? Policy(UpdatePolicy? policy, string prefix, FlagValues flags)
    {
        string Flag(string name) => $"--{prefix}-{name}";
        Text(flags, prefix + "-parallelism", v =>
            (policy ??= new()).Parallelism = Units.Count(Flag("parallelism"), v));
        Text(flags, prefix + "-delay", v => (policy ??= new()).DelayNs = Units.DurationNs(Flag("delay"), v));
        Text(flags, prefix + "-monitor", v => (policy ??= new()).MonitorNs = Units.DurationNs(Flag("monitor"), v));
        Text(flags, prefix + "-max-failure-ratio", v =>
            (policy ??= new()).MaxFailureRatio = Units.Ratio(Flag("max-failure-ratio"), v));
        Text(flags, prefix + "-order", v => (policy ??= new()).Order = v switch
        {
            "stop-first" => UpdatePolicy.Types.Order.StopFirst,
            "start-first" => UpdatePolicy.Types.Order.StartFirst,
            _ => throw new UsageException($"{Flag("order")} '{v}': unknown; use stop-first or start-first"),
        });
        Text(flags, prefix + "-failure-action", v => (policy ??= new()).FailureAction = v switch
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
        Text(flags, "replicas", v =>
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
        Text(flags, "max-concurrent", v =>
        {
            if (spec.ModeCase != ServiceSpec.ModeOneofCase.ReplicatedJob)
            {
                throw new UsageException("--max-concurrent can only be used with replicated-job mode");
            }

            spec.ReplicatedJob.MaxConcurrent = Units.Count("--max-concurrent", v, SpecValidator.MaxReplicas);
        });
    }

    private static void LogDriver(TaskSpec task, FlagValues flags)
    {
        Text(flags, "log-driver", v => (task.LogDriver ??= new()).Name = v is "json-file" or "local"
            ? v
            : throw new UsageException($"--log-driver '{v}': not available in this version; use json-file or local"));
        foreach (var option in flags.All("log-opt"))
        {
            var (key, value) = KeyValues.Split("--log-opt", option);
            (task.LogDriver ??= new() { Name = "json-file" }).Options[key] = key is "max-size" or "max-file"
                ? value
                : throw new UsageException($"--log-opt '{option}': unknown; use max-size and max-file");
        }
    }

    internal static void Text(FlagValues flags, string flag, Action<string> apply)
    {
        if (flags.Last(flag) is { } value)
        {
            apply(value);
        }
    }

    internal static void Replace<T>(Google.Protobuf.Collections.RepeatedField<T> field, IEnumerable<T> values)
    {
        var next = values.ToList();
        field.Clear();
        field.Add(next);
    }
}
