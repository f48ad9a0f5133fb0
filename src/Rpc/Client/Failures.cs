using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Swarm.Rpc.Client;

/// <summary>
/// What HTTP says, as a status of gRPC (grpc/doc/http-grpc-status-mapping.md, PROTOCOL-HTTP2.md "Errors").
/// </summary>
internal static class Failures
{
    public static RpcStatusCode OfHttp(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => RpcStatusCode.Internal,
        HttpStatusCode.Unauthorized => RpcStatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => RpcStatusCode.PermissionDenied,
        HttpStatusCode.NotFound => RpcStatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout => RpcStatusCode.Unavailable,
        _ => RpcStatusCode.Unknown,
    };

    /// <summary>The error codes of HTTP/2 (RFC 9113, 7).</summary>
    public static RpcStatusCode OfReset(long code) => code switch
    {
        0x7 => RpcStatusCode.Unavailable,
        0x8 => RpcStatusCode.Cancelled,
        0xb => RpcStatusCode.ResourceExhausted,
        0xc => RpcStatusCode.PermissionDenied,
        _ => RpcStatusCode.Internal,
    };

    /// <summary>The failure of a connection or stream; null when the exception is none.</summary>
    public static RpcException? OfTransport(Exception failure, string target)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is ConnectFailure connect)
                return new RpcException(RpcStatusCode.Unavailable, connect.Message, null, failure) { NeverSent = true };
            if (e is HttpProtocolException reset && IsStreamReset(reset))
            {
                return new RpcException(
                    OfReset(reset.ErrorCode),
                    $"{target} reset the call (HTTP/2 error {reset.ErrorCode})", null, failure);
            }
        }
        return failure is HttpRequestException or IOException or SocketException
            ? new RpcException(
                RpcStatusCode.Unavailable, $"connection to {target} was lost: {Reason(failure)}", null, failure)
            : null;
    }

    // GOAWAY and errors of the connection have the same type, told apart only by the text.
    private static bool IsStreamReset(HttpProtocolException e) =>
        e.HttpRequestError == HttpRequestError.HttpProtocolError
        && e.Message.Contains("stream", StringComparison.Ordinal);

    private static string Reason(Exception failure)
    {
        Exception e = failure;
        while (e.InnerException is { } inner)
        {
            e = inner;
        }
        return e is HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }
            ? "it was closed by the peer"
            : e is SocketException { SocketErrorCode: SocketError.ConnectionReset } or AuthenticationException
                ? $"{e.Message} (is this node's certificate accepted there?)"
                : e.Message.TrimEnd('.');
    }
}
