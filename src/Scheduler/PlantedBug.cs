namespace Swarm.Scheduler;

/// <summary>A rule of orchestration that the simulator can break, to see whether it notices.</summary>
internal enum PlantedBug
{
    /// <summary>The product.</summary>
    None,

    /// <summary>A prepared task starts although the old one of its slot is wanted.</summary>
    TwoInSlot,

    /// <summary>A successor does not wait until its predecessor has stopped.</summary>
    StopNotAwaited,

    /// <summary>The reaper does not keep what restart attempts are counted from.</summary>
    RestartHistoryLost,

    /// <summary>All slots are updated at once.</summary>
    ParallelismExceeded,

    /// <summary>The scheduler does not look at constraints.</summary>
    ConstraintIgnored,

    /// <summary>The scheduler does not look at reservations.</summary>
    ReservationIgnored,

    /// <summary>What was to be removed stays, and holds its name and place.</summary>
    RemovedKept,

    /// <summary>An update in which something failed neither goes on nor says that it is paused.</summary>
    StuckUpdate,

    /// <summary>The old task stops before the new one runs.</summary>
    StartFirstIgnored,

    /// <summary>What crashed starts again at once.</summary>
    RestartDelayIgnored,

    /// <summary>Tasks stay on nodes that are drained.</summary>
    DrainIgnored,

    /// <summary>Tasks stay on nodes that are down.</summary>
    DownIgnored,

    /// <summary>The scheduler does not count replicas on a node.</summary>
    MaxReplicasIgnored,

    /// <summary>The scheduler gives a host port twice.</summary>
    HostPortTwice,

    /// <summary>A job's slot that is done is run again.</summary>
    JobOverCompleted,

    /// <summary>More tasks of a job run than may at a time.</summary>
    JobConcurrencyIgnored,

    /// <summary>The task of a node that is down stays wanted beside its successor.</summary>
    SurplusKept,

    /// <summary>Ended tasks are never deleted.</summary>
    HistoryUnbounded,

    /// <summary>An update is complete as soon as its last task runs.</summary>
    MonitorIgnored,

    /// <summary>Failures do not stop an update.</summary>
    FailureRatioIgnored,

    /// <summary>The next slot is updated without the delay.</summary>
    UpdateDelayIgnored,

    /// <summary>A paused update goes on.</summary>
    PauseIgnored,

    /// <summary>A failed rollback is rolled back.</summary>
    RollbackRolledBack,

    /// <summary>Attempts are not counted.</summary>
    AttemptsIgnored,

    /// <summary>What ended well is run again although only failures are to be.</summary>
    SuccessRestarted,

    /// <summary>Another label of the service replaces its tasks.</summary>
    LabelsRestart,

    /// <summary>Tasks stay where a changed label does not admit them any more.</summary>
    EvictionForgotten,

    /// <summary>Waiting tasks do not say why.</summary>
    PendingUnexplained,

    /// <summary>A plan does not say which state it was made on.</summary>
    StalePlan,

    /// <summary>The planner does not look again at a quiet service whose nodes have changed.</summary>
    QuietForEver,
}
