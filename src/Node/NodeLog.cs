using Microsoft.Extensions.Logging;

namespace Swarm.Node;

/// <summary>Every line that the composition root logs.</summary>
internal sealed partial class NodeLog(ILogger logger)
{
    private readonly ILogger _logger = logger;

    [LoggerMessage(1, LogLevel.Information, "swarmd {Version} is ready on {Socket}, data in {DataDir}")]
    internal partial void Ready(string version, string socket, string dataDir);

    [LoggerMessage(2, LogLevel.Information, "swarmd stops; containers go on unless told otherwise")]
    internal partial void Stopping();

    [LoggerMessage(3, LogLevel.Critical, "swarmd must end: its own state can no longer be trusted")]
    internal partial void Broken(Exception error);

    [LoggerMessage(4, LogLevel.Critical, "swarmd cannot start: {Reason}")]
    internal partial void CannotStart(string reason);

    [LoggerMessage(5, LogLevel.Information, "{Text}")]
    internal partial void Note(string text);

    [LoggerMessage(6, LogLevel.Warning, "{Text}")]
    internal partial void Warn(string text);

    [LoggerMessage(7, LogLevel.Information, "this node is {Role} {NodeId} of swarm {ClusterId}")]
    internal partial void Member(string role, string nodeId, string clusterId);

    [LoggerMessage(8, LogLevel.Information, "this node's certificate was renewed, valid until {NotAfter}")]
    internal partial void Renewed(DateTimeOffset notAfter);

    [LoggerMessage(9, LogLevel.Warning, "this node's certificate could not be renewed yet: {Reason}")]
    internal partial void NotRenewed(string reason);
}
