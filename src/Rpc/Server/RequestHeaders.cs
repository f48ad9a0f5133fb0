using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>What the server reads from a request's headers.</summary>
internal static class RequestHeaders
{
    /// <summary>Several values of one key are joined with commas, as HTTP does.</summary>
    public static Dictionary<string, string>? Metadata(HttpRequest request)
    {
        Dictionary<string, string>? metadata = null;
        foreach ((string key, StringValues value) in request.Headers)
        {
            if (MetadataRules.IsMetadata(key))
                (metadata ??= new(StringComparer.Ordinal))[key.ToLowerInvariant()] = string.Join(',', [.. value]);
        }
        return metadata;
    }

    /// <summary>The time that the caller gives; null: no deadline.</summary>
    /// <exception cref="RpcException">InvalidArgument: not a form of the protocol.</exception>
    public static TimeSpan? Timeout(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(GrpcNames.Timeout, out StringValues text))
        {
            return null;
        }
        if (!TimeoutHeader.TryParse(text.ToString(), out TimeSpan timeout))
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, "grpc-timeout is malformed: 1 to 8 digits, then HMSmun");
        }
        return timeout > TimeoutHeader.Longest ? null : timeout;
    }

    /// <exception cref="RpcException">Unimplemented: the caller compresses.</exception>
    public static void RequireIdentity(HttpRequest request)
    {
        if (!GrpcNames.IsIdentity(request.Headers[GrpcNames.Encoding].ToString()))
        {
            throw new RpcException(
                RpcStatusCode.Unimplemented, "compressed messages are refused: this server speaks identity only");
        }
    }
}
