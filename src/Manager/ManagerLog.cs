using Microsoft.Extensions.Logging;

namespace Swarm.Manager;

/// <summary>Every line that the manager side logs.</summary>
internal sealed partial class ManagerLog(ILogger logger)
{
    private readonly ILogger _logger = logger;

    [LoggerMessage(1, LogLevel.Debug, "plan of {Actions} actions applied, {Refused} of them refused as stale")]
    internal partial void Planned(int actions, int refused);

    [LoggerMessage(2, LogLevel.Warning, "a plan could not be put into the log: {Reason}")]
    internal partial void PlanNotProposed(string reason);

    [LoggerMessage(3, LogLevel.Warning, "status reports wait for the log: {Reason}")]
    internal partial void StatusRetried(string reason);

    [LoggerMessage(4, LogLevel.Error, "{Count} status reports dropped: too many wait")]
    internal partial void StatusDropped(int count);

    [LoggerMessage(5, LogLevel.Warning, "a node sent a session message of kind {Kind}, which this version ignores")]
    internal partial void UnknownSessionMessage(string kind);

    [LoggerMessage(6, LogLevel.Information, "this manager leads now, term {Term}")]
    internal partial void Leading(ulong term);

    [LoggerMessage(7, LogLevel.Information, "this manager stopped leading")]
    internal partial void StoppedLeading();

    [LoggerMessage(8, LogLevel.Critical, "the leader's {Part} broke")]
    internal partial void LeaderPartBroke(string part, Exception error);

    [LoggerMessage(9, LogLevel.Information, "{Caller} {Method}: {Outcome}")]
    internal partial void Audit(string caller, string method, string outcome);

    [LoggerMessage(10, LogLevel.Information, "issued a certificate to node {NodeId} as {Role} for {Address}")]
    internal partial void Issued(string nodeId, string role, string address);

    [LoggerMessage(11, LogLevel.Warning, "{Address} asked for a certificate and was refused: {Reason}")]
    internal partial void IssueRefused(string address, string reason);

    [LoggerMessage(12, LogLevel.Debug, "raft stream to {Address}: {Reason}")]
    internal partial void PeerUnreachable(string address, string reason);

    [LoggerMessage(30, LogLevel.Information, "all managers read log format {To}: it is written now ({From} before)")]
    internal partial void FormatRaised(uint from, uint to);

    [LoggerMessage(31, LogLevel.Debug, "the log format stays as it is for now: {Reason}")]
    internal partial void FormatNotRaised(string reason);

    [LoggerMessage(40, LogLevel.Information, "node {NodeId} has the role {Role} now")]
    internal partial void RoleSet(string nodeId, string role);

    [LoggerMessage(41, LogLevel.Information, "raft member {RaftId} of node {NodeId} was taken out")]
    internal partial void MemberRemoved(ulong raftId, string nodeId);

    [LoggerMessage(42, LogLevel.Warning, "roles are not yet what they are to be ({Step}): {Reason}")]
    internal partial void RoleStepFailed(string step, string reason);

    [LoggerMessage(43, LogLevel.Information, "node {NodeId} at {Address} joins as raft member {RaftId}")]
    internal partial void ManagerJoins(string nodeId, string address, ulong raftId);

    [LoggerMessage(30, LogLevel.Information, "autolock is {Now}: the keys of this manager are wrapped anew")]
    internal partial void Rewrapped(string now);

    [LoggerMessage(31, LogLevel.Warning, "the keys of this manager are not all wrapped anew yet: {Reason}")]
    internal partial void KeysWait(string reason);

    [LoggerMessage(32, LogLevel.Information,
        "nothing on this disk needs the earlier keys any more: they are forgotten")]
    internal partial void KeysShed();

    [LoggerMessage(44, LogLevel.Information, "somebody begins {Work} with task {TaskId} on node {NodeId}")]
    internal partial void SessionBegins(string work, string taskId, string nodeId);

    [LoggerMessage(13, LogLevel.Information, "{Text}")]
    internal partial void Note(string text);
}
