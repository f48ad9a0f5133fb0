using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Google.Protobuf;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Client;

/// <summary>The HTTP request of a call.</summary>
internal static class RequestBuilder
{
    private const string UserAgent = "swarm-rpc/1";
    private static readonly MediaTypeHeaderValue ContentType = new(GrpcNames.ContentType);

    public static HttpRequestMessage Build(
        Uri baseUri, string path, HttpContent content, CallOptions? options, CallClock clock)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(baseUri, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", UserAgent);
        if (clock.Left is { } left)
        {
            request.Headers.TryAddWithoutValidation(GrpcNames.Timeout, TimeoutHeader.Encode(left));
        }
        if (options?.Metadata is { } metadata)
        {
            MetadataRules.Check(metadata);
            foreach ((string key, string value) in metadata)
            {
                request.Headers.TryAddWithoutValidation(key, value);
            }
        }
        return request;
    }

    /// <summary>A body with one message; sent together with the headers.</summary>
    public static ByteArrayContent Single(IMessage message, int maxBytes)
    {
        int size = FrameWriter.Measure(message, maxBytes);
        var frame = new byte[FrameWriter.PrefixBytes + size];
        FrameWriter.Write(frame, message, size);
        return new ByteArrayContent(frame) { Headers = { ContentType = ContentType } };
    }
}
