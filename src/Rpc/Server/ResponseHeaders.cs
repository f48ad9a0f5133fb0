using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>What the server writes into headers and trailers.</summary>
internal static class ResponseHeaders
{
    public static void Write(HttpResponse response, IReadOnlyDictionary<string, string> metadata)
    {
        foreach ((string key, string value) in metadata)
        {
            response.Headers[key] = value;
        }
    }

    /// <summary>The outcome: as trailers after a body, else in the headers ("trailers-only").</summary>
    /// <param name="response">Not yet ended.</param>
    /// <param name="failure">Null: OK.</param>
    /// <param name="context">Null when the call was refused before it had one.</param>
    /// <param name="hasBody">Whether messages went ahead.</param>
    public static void WriteOutcome(HttpResponse response, RpcException? failure, CallContext? context, bool hasBody)
    {
        IHeaderDictionary? target = hasBody
            ? response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
            : response.Headers;
        if (target is null || (!hasBody && response.HasStarted))
        {
            return;
        }
        if (!hasBody && context is not null)
        {
            Write(response, context.Headers);
        }
        foreach ((string key, string value) in context?.Trailers ?? new Dictionary<string, string>())
        {
            target[key] = value;
        }
        Put(target, failure);
    }

    private static void Put(IHeaderDictionary target, RpcException? failure)
    {
        target[GrpcNames.Status] = failure is null ? "0" : ((int)failure.Code).ToString(CultureInfo.InvariantCulture);
        if (failure is null)
        {
            return;
        }
        target[GrpcNames.Message] = StatusHeaders.EncodeMessage(failure.Message);
        if (failure.Details is { Length: > 0 and <= StatusHeaders.MaxDetailsBytes } details)
        {
            target[GrpcNames.Details] = StatusHeaders.EncodeBinary(details);
        }
        if (failure.Code == RpcStatusCode.Unimplemented)
        {
            target[GrpcNames.AcceptEncoding] = new StringValues(GrpcNames.Identity);
        }
    }
}
