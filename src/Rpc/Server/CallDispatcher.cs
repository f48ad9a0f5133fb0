using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>One HTTP request becomes one call, and every outcome becomes a status.</summary>
internal sealed class CallDispatcher(
    CallGate gate, ActiveCalls active, OpenStreams open, RpcServerLimits limits, ILogger log)
{
    private const int ReferenceBytes = 4;

    public async Task HandleAsync(HttpContext http)
    {
        if (!IsGrpc(http))
        {
            return;
        }
        http.Response.ContentType = GrpcNames.ContentType;
        if (!active.TryEnter())
        {
            ResponseHeaders.WriteOutcome(http.Response, Stopping(), null, hasBody: false);
            return;
        }
        GatheredOutput output = http.Features.Get<GatheredOutput>()!;
        output.Enter();
        try
        {
            await AdmittedAsync(http).ConfigureAwait(false);
        }
        finally
        {
            output.Leave();
            active.Leave();
        }
    }

    private async Task AdmittedAsync(HttpContext http)
    {
        BoundMethod method;
        PeerIdentity peer;
        TimeSpan? timeout;
        try
        {
            (method, peer) = gate.Admit(http);
            timeout = RequestHeaders.Timeout(http.Request);
        }
        catch (RpcException e)
        {
            ResponseHeaders.WriteOutcome(http.Response, e, null, hasBody: false);
            return;
        }
        using CancellationTokenSource? deadline = timeout is { } given ? DeadlineIn(given) : null;
        using CancellationTokenSource? revoked = method.Kind == RpcKind.Unary ? null : new();
        using IDisposable? entry = revoked is null ? null : open.Enter(gate.Question(http, method), revoked);
        var start = new CallStart(
            peer, DateTimeOffset.UtcNow + timeout, http.Features.Get<PeerSource>()!.Budget,
            deadline?.Token ?? default, active.StoppingFor(method.Kind)) { Revoked = revoked?.Token ?? default };
        using var call = new ServerCall(http, method, start, limits);
        RpcException? failure = await InvokeAsync(http, method, call, start).ConfigureAwait(false);
        await call.FinishAsync().ConfigureAwait(false);
        ResponseHeaders.WriteOutcome(http.Response, failure, call.Context, call.HasBody);
    }

    private static CancellationTokenSource DeadlineIn(TimeSpan given)
    {
        var deadline = new CancellationTokenSource();
        if (given > TimeSpan.Zero)
        {
            deadline.CancelAfter(given);
        }
        else
        {
            // A timer of zero would let a fast handler begin.
            deadline.Cancel();
        }
        return deadline;
    }

    private async Task<RpcException?> InvokeAsync(
        HttpContext http, BoundMethod method, ServerCall call, CallStart start)
    {
        try
        {
            await method.Invoke(call).ConfigureAwait(false);
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
        catch (Exception e) when (
            e is OperationCanceledException or IOException && Ended(http, call, start) is { } ended)
        {
            return ended;
        }
        catch (Exception e)
        {
            string reference = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ReferenceBytes));
            Log.HandlerFailed(log, method.Path, reference, start.Peer.RemoteAddress, e);
            return new RpcException(
                RpcStatusCode.Internal, $"internal error; the server's log tells more under reference {reference}");
        }
    }

    // The timer and the clock differ by a little: either of them is enough to call it a missed deadline.
    private static RpcException? Ended(HttpContext http, ServerCall call, CallStart start) =>
        start.DeadlineReached.IsCancellationRequested || DateTimeOffset.UtcNow >= start.Deadline
            ? new RpcException(RpcStatusCode.DeadlineExceeded, "the deadline of the call has passed")
            : start.Revoked.IsCancellationRequested ? Revoked()
            : start.Stopping.IsCancellationRequested ? Stopping()
            : call.CallerIsGone || http.RequestAborted.IsCancellationRequested
                ? new RpcException(RpcStatusCode.Cancelled, "the caller has cancelled the call")
                : null;

    private static RpcException Revoked() => new(
        RpcStatusCode.PermissionDenied, "this node was removed, or its role does not allow this any more");

    private static RpcException Stopping() => new(RpcStatusCode.Unavailable, "the server is stopping");

    private static bool IsGrpc(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = HttpMethods.Post;
            return false;
        }
        if (!GrpcNames.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            http.Response.Headers[GrpcNames.Status] =
                ((int)RpcStatusCode.Internal).ToString(CultureInfo.InvariantCulture);
            return false;
        }
        return true;
    }
}
