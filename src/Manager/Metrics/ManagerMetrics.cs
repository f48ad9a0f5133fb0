using Swarm.Raft;

namespace Swarm.Manager.Metrics;

/// <summary>Everything that a manager tells a scraper.</summary>
internal static class ManagerMetrics
{
    internal static void Write(MetricText text, RaftNode node, ClusterStore store, LeaderSession? session)
    {
        var raft = node.Status;
        Raft(text, raft, store.Counters);
        Disk(text, raft);
        Agreement(text, raft);
        text.Histogram("swarm_raft_fsync_seconds", "One sync of the log: write and fdatasync.", node.SyncSeconds);
        Store(text, store);
        Leader(text, store.Counters, session);
    }

    private static void Raft(MetricText text, RaftStatus raft, ManagerCounters counters)
    {
        text.Gauge("swarm_raft_term", "Term of this member.", raft.Term);
        text.Gauges(
            "swarm_raft_role", "1 for the role of this member.", "role",
            Enum.GetValues<RaftRole>().Select(r => (Word(r), r == raft.Role ? 1.0 : 0)));
        text.Gauge("swarm_raft_leader_known", "1 while this member knows the leader.", raft.LeaderId is null ? 0 : 1);
        text.Gauges(
            "swarm_raft_members", "Members of the configuration in force.", "kind",
            [("voter", raft.Members.Count(m => !m.Learner)), ("learner", raft.Members.Count(m => m.Learner))]);
        text.Gauge("swarm_raft_commit_index", "Last entry known to be committed.", raft.CommitIndex);
        text.Gauge("swarm_raft_applied_index", "Last entry applied to the state.", raft.AppliedIndex);
        text.Gauge("swarm_raft_first_index", "Oldest entry in the log.", raft.FirstIndex);
        text.Gauge("swarm_raft_last_index", "Newest entry in the log.", raft.LastIndex);
        text.Counter(
            "swarm_raft_leader_changes_total", "Changes of the leader that this member saw.", counters.LeaderChanges);
        text.Counter(
            "swarm_raft_dropped_messages_total", "Messages dropped because the queue was full.", raft.DroppedMessages);
        text.Counter(
            "swarm_raft_refused_messages_total", "Messages that did not fit this cluster or member.",
            raft.RefusedMessages);
        text.Counters(
            "swarm_raft_proposals_total", "Proposals of this manager by outcome.", "outcome",
            Enum.GetValues<ProposeOutcome>().Select(o => (Word(o), (double)counters.Proposals(o))));
        text.Histogram(
            "swarm_raft_proposal_seconds", "From a proposal to its outcome.", counters.ProposeSeconds);
    }

    private static void Disk(MetricText text, RaftStatus raft)
    {
        text.Gauge("swarm_raft_log_bytes", "Log on disk.", raft.LogBytes);
        text.Gauge("swarm_raft_snapshot_index", "Last entry in the newest snapshot; 0 = none.", raft.SnapshotIndex);
        text.Gauge("swarm_raft_snapshot_bytes", "Size of the newest snapshot.", raft.SnapshotBytes);
        text.Gauge(
            "swarm_raft_snapshot_age_seconds", "Since the newest snapshot; NaN = none.",
            raft.SnapshotAge?.TotalSeconds ?? double.NaN);
        text.Gauge("swarm_raft_disk_full", "1 while writes are refused to spare the last bytes.", Bit(raft.DiskFull));
        text.Gauge(
            "swarm_raft_stalled", "1 while the thread of this member hangs: it does not lead.", Bit(raft.Stalled));
    }

    private static void Agreement(MetricText text, RaftStatus raft) => text.Gauge(
        "swarm_raft_disputed_index", "Entry after which the managers' states differ and no majority agrees; 0 = none.",
        raft.DisputedIndex);

    private static double Bit(bool value) => value ? 1 : 0;

    private static void Store(MetricText text, ClusterStore store)
    {
        var state = store.Current;
        text.Gauges(
            "swarm_store_objects", "Objects in the state.", "kind",
            [
                ("node", state.Nodes.Count), ("service", state.Services.Count), ("task", state.Tasks.Count),
                ("request", state.Requests.Count), ("payload", state.Payloads.Count),
            ]);
        text.Gauge("swarm_store_revision", "Index of the last entry in the state.", state.LastIndex);
        text.Gauge("swarm_store_format", "Format of entries and snapshots that all managers read.", state.Format);
        text.Counter(
            "swarm_store_applied_actions_total", "Actions of applied entries.", store.Counters.AppliedActions);
        text.Counter(
            "swarm_store_repeated_requests_total", "Commands that came again and got their first answer.",
            store.Counters.RepeatedRequests);
        text.Histogram("swarm_store_apply_seconds", "Decoding and applying one entry.", store.Counters.ApplySeconds);
        var (steps, floor) = store.History;
        text.Gauge("swarm_store_history_steps", "Entries that a watcher can go back.", steps);
        text.Gauge("swarm_store_history_oldest_revision", "Revision after which a watch can begin.", floor);
    }

    private static void Leader(MetricText text, ManagerCounters counters, LeaderSession? session)
    {
        text.Gauge("swarm_manager_is_leader", "1 while this manager leads.", session is null ? 0 : 1);
        text.Gauge("swarm_dispatcher_sessions", "Nodes connected to this manager.", session?.Dispatcher.Sessions ?? 0);
        text.Gauges(
            "swarm_queue_length", "What waits on the leader.", "queue",
            [
                ("dispatcher_inputs", session?.Dispatcher.WaitingInputs ?? 0),
                ("status_batches", session?.Dispatcher.WaitingStatusBatches ?? 0),
            ]);
        text.Counter(
            "swarm_status_reports_dropped_total", "Status reports dropped because too many waited.",
            counters.StatusDropped);
        text.Counter("swarm_planner_plans_total", "Plans computed, empty ones included.", counters.Plans);
        text.Counter("swarm_planner_actions_total", "Actions of all plans.", counters.PlannedActions);
        text.Histogram("swarm_planner_plan_seconds", "Computing one plan.", counters.PlanSeconds);
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
