using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>
/// What an absent field of a spec means. The numbers are docker's (behaviour.md D and E), so that a spec
/// means the same here as there.
/// </summary>
public static class SpecDefaults
{
    /// <summary>Between a failure and the start of the replacement.</summary>
    public static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(5);

    /// <summary>How long a new task is watched during an update.</summary>
    public static readonly TimeSpan UpdateMonitor = TimeSpan.FromSeconds(5);

    /// <summary>Between the stop signal and SIGKILL.</summary>
    public static readonly TimeSpan StopGracePeriod = TimeSpan.FromSeconds(10);

    /// <summary>Ended tasks kept for each slot.</summary>
    public const int TaskHistoryLimit = 5;

    /// <summary>Processes of a container when the spec says nothing.</summary>
    public const long PidsLimit = 4096;

    /// <summary>Between two heartbeats of a node.</summary>
    public static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Heartbeats that may be missed before a node is down.</summary>
    public const int HeartbeatsMissed = 3;

    /// <summary>Pool that node subnets are cut from.</summary>
    public const string AddressPool = "10.64.0.0/10";

    /// <summary>Prefix length of a node's subnet.</summary>
    public const int NodeSubnetBits = 22;

    /// <summary>Ports that are chosen when the user names none (docker's range).</summary>
    public const int FirstDynamicPort = 30000;

    /// <summary>The last of them.</summary>
    public const int LastDynamicPort = 32767;

    /// <summary>Nanoseconds as a span (100 ns steps).</summary>
    public static TimeSpan FromNs(long ns) => TimeSpan.FromTicks(ns / 100);

    /// <summary>A span as nanoseconds.</summary>
    public static long ToNs(TimeSpan span) => span.Ticks * 100;

    /// <summary>Replicas wanted; 0 for a global service.</summary>
    public static ulong Replicas(this ServiceSpec spec) =>
        spec.ModeCase == ServiceSpec.ModeOneofCase.Replicated ? spec.Replicated.Replicas : 0;

    /// <summary>One task on each node; global jobs included.</summary>
    public static bool IsGlobal(this ServiceSpec spec) => spec.ModeCase is
        ServiceSpec.ModeOneofCase.Global or ServiceSpec.ModeOneofCase.GlobalJob;

    /// <summary>Its tasks are to end.</summary>
    public static bool IsJob(this ServiceSpec spec) => spec.ModeCase is
        ServiceSpec.ModeOneofCase.ReplicatedJob or ServiceSpec.ModeOneofCase.GlobalJob;

    /// <summary>Tasks of a replicated job that have to end well; 0 for other services.</summary>
    public static ulong TotalCompletions(this ServiceSpec spec) =>
        spec.ModeCase != ServiceSpec.ModeOneofCase.ReplicatedJob ? 0
        : spec.ReplicatedJob.HasTotalCompletions ? spec.ReplicatedJob.TotalCompletions
        : Math.Max(1, spec.ReplicatedJob.MaxConcurrent);

    /// <summary>Tasks of a replicated job that may run at a time; 0 for other services.</summary>
    public static ulong MaxConcurrent(this ServiceSpec spec) =>
        spec.ModeCase != ServiceSpec.ModeOneofCase.ReplicatedJob ? 0
        : spec.ReplicatedJob.MaxConcurrent > 0 ? spec.ReplicatedJob.MaxConcurrent
        : spec.TotalCompletions();

    /// <summary>How long a job stays after its tasks have ended; null = until somebody removes it.</summary>
    public static TimeSpan? RemoveAfter(this ServiceSpec spec) =>
        spec is { ReplicatedJob: { HasRemoveAfterNs: true } job } ? FromNs(job.RemoveAfterNs) : null;

    /// <summary>Docker's word for the mode: replicated, global, replicated-job, global-job.</summary>
    public static string ModeName(this ServiceSpec spec) => spec.ModeCase switch
    {
        ServiceSpec.ModeOneofCase.Global => "global",
        ServiceSpec.ModeOneofCase.ReplicatedJob => "replicated-job",
        ServiceSpec.ModeOneofCase.GlobalJob => "global-job",
        _ => "replicated",
    };

    /// <summary>Any unless said otherwise.</summary>
    public static RestartPolicy.Types.Condition RestartConditionOrDefault(this TaskSpec spec) =>
        spec.Restart is null || spec.Restart.Condition == RestartPolicy.Types.Condition.Unspecified
            ? RestartPolicy.Types.Condition.Any
            : spec.Restart.Condition;

    /// <summary>5 s unless said otherwise.</summary>
    public static TimeSpan RestartDelayOrDefault(this TaskSpec spec) =>
        spec.Restart is { HasDelayNs: true } r ? FromNs(r.DelayNs) : RestartDelay;

    /// <summary>10 s unless said otherwise.</summary>
    public static TimeSpan StopGraceOrDefault(this ContainerSpec spec) =>
        spec.HasStopGracePeriodNs ? FromNs(spec.StopGracePeriodNs) : StopGracePeriod;

    /// <summary>1 unless said otherwise; 0 means all at once.</summary>
    public static ulong ParallelismOrDefault(this UpdatePolicy? policy) =>
        policy is { HasParallelism: true } ? policy.Parallelism : 1;

    /// <summary>5 s unless said otherwise.</summary>
    public static TimeSpan MonitorOrDefault(this UpdatePolicy? policy) =>
        policy is { HasMonitorNs: true } ? FromNs(policy.MonitorNs) : UpdateMonitor;

    /// <summary>Pause unless said otherwise.</summary>
    public static UpdatePolicy.Types.FailureAction FailureActionOrDefault(this UpdatePolicy? policy) =>
        policy is null || policy.FailureAction == UpdatePolicy.Types.FailureAction.Unspecified
            ? UpdatePolicy.Types.FailureAction.Pause
            : policy.FailureAction;

    /// <summary>True for start-first; stop-first unless said otherwise.</summary>
    public static bool IsStartFirst(this UpdatePolicy? policy) =>
        policy?.Order == UpdatePolicy.Types.Order.StartFirst;

    /// <summary>5 unless said otherwise; negative keeps all.</summary>
    public static int TaskHistoryLimitOrDefault(this ClusterSpec? spec) =>
        spec is { HasTaskHistoryLimit: true } ? (int)Math.Clamp(spec.TaskHistoryLimit, -1, 10_000) : TaskHistoryLimit;
}
