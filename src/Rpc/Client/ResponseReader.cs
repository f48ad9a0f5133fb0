using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Client;

/// <summary>What headers and trailers of a response say.</summary>
internal static class ResponseReader
{
    /// <summary>The failure that the headers tell, null when messages or trailers follow.</summary>
    public static RpcException? OutcomeInHeaders(HttpResponseMessage response, string target)
    {
        if (First(response.Headers, GrpcNames.Status) is not null)
            return OutcomeInTrailers(response.Headers, target);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new RpcException(
                Failures.OfHttp(response.StatusCode), $"{target} answered with HTTP status {(int)response.StatusCode}");
        }
        string? type = response.Content.Headers.ContentType?.ToString();
        if (!GrpcNames.IsGrpc(type))
        {
            return new RpcException(
                RpcStatusCode.Unknown, $"{target} does not speak gRPC: it answered with content type \"{type}\"");
        }
        string? encoding = First(response.Headers, GrpcNames.Encoding);
        return GrpcNames.IsIdentity(encoding) ? null : new RpcException(
            RpcStatusCode.Internal, $"{target} compresses its answer with \"{encoding}\", which was not offered");
    }

    public static bool IsOkInHeaders(HttpResponseMessage response) => First(response.Headers, GrpcNames.Status) == "0";

    /// <summary>Null: the call ended with OK.</summary>
    public static RpcException? OutcomeInTrailers(HttpResponseHeaders trailers, string target)
    {
        string? status = First(trailers, GrpcNames.Status);
        if (status is null)
        {
            return new RpcException(RpcStatusCode.Unknown, $"{target} ended the call without a status");
        }
        RpcStatusCode code = StatusHeaders.ParseCode(status);
        if (code == RpcStatusCode.OK)
        {
            return null;
        }
        string message = StatusHeaders.DecodeMessage(First(trailers, GrpcNames.Message) ?? "");
        string? details = First(trailers, GrpcNames.Details);
        return new RpcException(
            code,
            message.Length > 0 ? message : $"{target} answered {code}",
            details is null ? null : StatusHeaders.DecodeBinary(details));
    }

    public static Dictionary<string, string> Metadata(HttpResponseHeaders headers)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, HeaderStringValues values) in headers.NonValidated)
        {
            if (MetadataRules.IsMetadata(key))
                metadata[key.ToLowerInvariant()] = string.Join(',', values);
        }
        return metadata;
    }

    private static string? First(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;
}
