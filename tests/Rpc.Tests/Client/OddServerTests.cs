using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Client;

/// <summary>What a channel makes of servers that break the protocol.</summary>
public sealed class OddServerTests
{
    [Theory]
    [InlineData(400, RpcStatusCode.Internal)]
    [InlineData(401, RpcStatusCode.Unauthenticated)]
    [InlineData(403, RpcStatusCode.PermissionDenied)]
    [InlineData(404, RpcStatusCode.Unimplemented)]
    [InlineData(429, RpcStatusCode.Unavailable)]
    [InlineData(503, RpcStatusCode.Unavailable)]
    [InlineData(500, RpcStatusCode.Unknown)]
    public Task Http_status(int status, RpcStatusCode expected) => Expect(expected, http =>
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    });

    [Theory]
    [InlineData(1, RpcStatusCode.Internal)]
    [InlineData(2, RpcStatusCode.Internal)]
    [InlineData(7, RpcStatusCode.Unavailable)]
    [InlineData(8, RpcStatusCode.Cancelled)]
    [InlineData(11, RpcStatusCode.ResourceExhausted)]
    [InlineData(12, RpcStatusCode.PermissionDenied)]
    public Task Reset_stream(int code, RpcStatusCode expected) => Expect(expected, async http =>
    {
        await Begin(http, 0, 0, 0, 0, 9);
        http.Features.Get<IHttpResetFeature>()!.Reset(code);
    });

    [Fact]
    public Task Html_is_no_answer() => Expect(RpcStatusCode.Unknown, async http =>
    {
        http.Response.ContentType = "text/html";
        await http.Response.WriteAsync("<p>");
    });

    [Fact]
    public Task Missing_status() => Expect(RpcStatusCode.Unknown, http => Begin(http, 0, 0, 0, 0, 0));

    [Fact]
    public Task Ok_without_message() => Expect(RpcStatusCode.Unimplemented, http => End(http, "0"));

    [Fact]
    public Task Two_messages() => Expect(
        RpcStatusCode.Unimplemented, http => End(http, "0", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    [Fact]
    public Task Half_a_message() => Expect(RpcStatusCode.Internal, http => End(http, "0", 0, 0, 0, 0, 7, 1));

    [Fact]
    public Task Compressed_message() => Expect(RpcStatusCode.Internal, http => End(http, "0", 1, 0, 0, 0, 0));

    [Fact]
    public Task Message_that_is_no_protobuf() => Expect(
        RpcStatusCode.Internal, http => End(http, "0", 0, 0, 0, 0, 1, 0xff));

    [Fact]
    public Task Claimed_length_above_the_limit() => Expect(
        RpcStatusCode.ResourceExhausted, http => End(http, "0", 0, 0x7f, 0xff, 0xff, 0xff));

    [Theory]
    [InlineData("99", RpcStatusCode.Unknown)]
    [InlineData("x", RpcStatusCode.Unknown)]
    [InlineData("5", RpcStatusCode.NotFound)]
    public Task Status_in_trailers(string status, RpcStatusCode expected) => Expect(
        expected, http => End(http, status, 0, 0, 0, 0, 0));

    [Fact]
    public Task Encoding_that_nobody_asked_for() => Expect(RpcStatusCode.Internal, http =>
    {
        http.Response.Headers["grpc-encoding"] = "gzip";
        return End(http, "0", 0, 0, 0, 0, 0);
    });

    [Fact]
    public Task Connection_that_breaks() => Expect(RpcStatusCode.Unavailable, async http =>
    {
        await Begin(http, 0, 0, 0);
        http.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeFeature>()!.Abort();
    });

    private static async Task Begin(HttpContext http, params byte[] body)
    {
        http.Response.ContentType = "application/grpc";
        await http.Response.BodyWriter.WriteAsync(body);
    }

    private static async Task End(HttpContext http, string status, params byte[] body)
    {
        await Begin(http, body);
        http.Response.AppendTrailer("grpc-status", status);
    }

    private static async Task Expect(RpcStatusCode expected, RequestDelegate answer)
    {
        await using OddServer server = await OddServer.StartAsync(answer);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => server.Channel.UnaryAsync(
            ProbeMethods.Echo, new Note(), new CallOptions { Deadline = TimeSpan.FromSeconds(20) }));
        Assert.Equal((expected, e.Message), (e.Code, e.Message));
    }
}
