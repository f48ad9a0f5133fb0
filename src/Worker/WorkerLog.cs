using Microsoft.Extensions.Logging;

namespace Swarm.Worker;

/// <summary>Every line that the worker side logs.</summary>
internal sealed partial class WorkerLog(ILogger logger)
{
    private readonly ILogger _logger = logger;

    [LoggerMessage(1, LogLevel.Information, "session with manager {Manager} is open, node {NodeId}, subnet {Subnet}")]
    internal partial void SessionOpen(string manager, string nodeId, string subnet);

    [LoggerMessage(2, LogLevel.Warning, "session with manager {Manager} ended: {Reason}")]
    internal partial void SessionEnded(string manager, string reason);

    [LoggerMessage(3, LogLevel.Information, "removing the container of task {TaskId}: nobody assigns it any more")]
    internal partial void RemovingStray(string taskId);

    [LoggerMessage(4, LogLevel.Critical, "the runner of task {TaskId} broke")]
    internal partial void RunnerBroke(string taskId, Exception error);

    [LoggerMessage(5, LogLevel.Debug, "task {TaskId}: {State} {Message} {Error}")]
    internal partial void TaskReported(string taskId, string state, string message, string error);

    [LoggerMessage(6, LogLevel.Warning, "log subscription {SubscriptionId} failed: {Reason}")]
    internal partial void LogsFailed(string subscriptionId, string reason);

    [LoggerMessage(7, LogLevel.Error, "mesh version {Version} could not be applied: {Reason}; trying again")]
    internal partial void MeshFailed(ulong version, string reason);

    [LoggerMessage(8, LogLevel.Information, "{Text}")]
    internal partial void Note(string text);

    [LoggerMessage(9, LogLevel.Warning, "task {TaskId}: {Step} failed and is tried again: {Reason}")]
    internal partial void StepRetried(string taskId, string step, string reason);

    [LoggerMessage(11, LogLevel.Warning, "a conversation with task {TaskId} failed: {Reason}")]
    internal partial void TaskSessionFailed(string taskId, string reason);

    [LoggerMessage(12, LogLevel.Error, "a conversation with task {TaskId} broke")]
    internal partial void TaskSessionBroke(string taskId, Exception error);

    [LoggerMessage(10, LogLevel.Critical, "the agent broke: swarmd ends")]
    internal partial void AgentBroke(Exception error);
}
