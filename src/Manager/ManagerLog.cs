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

    [LoggerMessage(13, LogLevel.Information, "{Text}")]
    internal partial void Note(string text);
}
