using Microsoft.Extensions.Logging;
using Swarm.Protocol.V1;

namespace Swarm.Rpc;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "serving {Methods} methods on {Endpoints}")]
    public static partial void Serving(ILogger log, int methods, string endpoints);

    [LoggerMessage(2, LogLevel.Warning, "refused: {Path} called by role {Role}, node {NodeId}, from {Remote}")]
    public static partial void CallRefused(ILogger log, string path, CallerRole role, string nodeId, string remote);

    [LoggerMessage(3, LogLevel.Warning, "refused: unknown caller from {Remote}")]
    public static partial void PeerRefused(ILogger log, string remote);

    [LoggerMessage(4, LogLevel.Warning, "{Endpoint} has too many connections; one more from {Remote} was refused")]
    public static partial void ConnectionRefused(ILogger log, string endpoint, string remote);

    [LoggerMessage(6, LogLevel.Debug, "{Protocol} connection from {Remote} ended: {Reason}")]
    public static partial void RawEnded(ILogger log, string protocol, string remote, string reason);

    [LoggerMessage(5, LogLevel.Error, "{Path} failed, reference {Reference}, called from {Remote}")]
    public static partial void HandlerFailed(
        ILogger log, string path, string reference, string remote, Exception failure);
}
