using System.Text;
using Google.Protobuf;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Interop;

/// <summary>Our channel calls a server of grpc-js.</summary>
[Collection(NodeCollection.Name)]
public sealed class JsServerTests(NodePackage node)
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Calls_of_all_kinds(string transport)
    {
        await using JsServer js = await JsServer.StartAsync(node, transport);
        Assert.Equal(new Note(), await js.Channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        var large = new Note { Payload = ByteString.CopyFrom(new byte[4 * MiB - 100]) };
        Assert.Equal(large, await js.Channel.UnaryAsync(ProbeMethods.Echo, large));

        var ask = new Note { Number = 5, Payload = ByteString.CopyFrom(new byte[100_000]) };
        await using ServerStreamCall<Note> count = js.Channel.ServerStream(ProbeMethods.Count, ask);
        int expected = 0;
        await foreach (Note note in count.ReadAllAsync())
        {
            Assert.Equal(expected++, note.Number);
        }
        Assert.Equal(5, expected);

        await using ClientStreamCall<Note, Note> sum = js.Channel.ClientStream(ProbeMethods.Sum);
        for (int i = 1; i <= 100; i++)
        {
            await sum.WriteAsync(new Note { Number = i });
        }
        Assert.Equal(5050, (await sum.CompleteAsync()).Number);

        await using DuplexCall<Note, Note> chat = js.Channel.Duplex(ProbeMethods.Chat);
        IAsyncEnumerator<Note> answers = chat.ReadAllAsync().GetAsyncEnumerator();
        for (int i = 0; i < 20; i++)
        {
            await chat.WriteAsync(new Note { Text = $"m{i}" });
            Assert.True(await answers.MoveNextAsync());
            Assert.Equal($"re: m{i}", answers.Current.Text);
        }
        await chat.CompleteAsync();
        Assert.False(await answers.MoveNextAsync());
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Status_details_and_metadata(string transport)
    {
        await using JsServer js = await JsServer.StartAsync(node, transport);
        RpcException e = await Failure(js.Channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "fail" }));
        Assert.Equal((RpcStatusCode.FailedPrecondition, "100 % – nicht möglich\n"), (e.Code, e.Message));
        Assert.Equal("details\0", Encoding.UTF8.GetString(e.Details!));

        await using ServerStreamCall<Note> count =
            js.Channel.ServerStream(ProbeMethods.Count, new Note { Number = 2, Text = "fail" });
        int seen = 0;
        e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (Note _ in count.ReadAllAsync())
                seen++;
        });
        Assert.Equal((2, RpcStatusCode.DataLoss, "as asked"), (seen, e.Code, e.Message));

        var response = new ResponseMetadata();
        var metadata = new Dictionary<string, string> { ["probe"] = "a value" };
        var options = new CallOptions { Metadata = metadata, Response = response };
        await js.Channel.UnaryAsync(ProbeMethods.Echo, new Note(), options);
        Assert.Equal("a value", response.Headers["probe-header"]);
        Assert.Equal("a value", response.Trailers["probe-trailer"]);

        await using ClientStreamCall<Note, Note> sum = js.Channel.ClientStream(ProbeMethods.Sum);
        await sum.WriteAsync(new Note { Text = "stop" });
        e = await Failure(sum.ResponseAsync());
        Assert.Equal((RpcStatusCode.Aborted, "enough"), (e.Code, e.Message));
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Deadline_and_cancellation_reach_the_server(string transport)
    {
        await using JsServer js = await JsServer.StartAsync(node, transport);
        await js.Channel.UnaryAsync(ProbeMethods.Echo, new Note());
        var options = new CallOptions { Deadline = TimeSpan.FromSeconds(1) };
        RpcException e = await Failure(js.Channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" }, options));
        Assert.Equal(RpcStatusCode.DeadlineExceeded, e.Code);
        Assert.Equal("cancelled", await js.ReadLineAsync());

        using var cancel = new CancellationTokenSource(1000);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => js.Channel.UnaryAsync(ProbeMethods.Echo, new Note { Text = "wait" }, null, cancel.Token));
        Assert.Equal("cancelled", await js.ReadLineAsync());
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Messages_beyond_the_limit_are_refused(string transport)
    {
        await using JsServer js = await JsServer.StartAsync(
            node, transport, new RpcChannelOptions { MaxMessageBytes = 5 * MiB });
        var note = new Note { Payload = ByteString.CopyFrom(new byte[4 * MiB + 1]) };
        RpcException sending = await Failure(js.Channel.UnaryAsync(ProbeMethods.Echo, note));
        Assert.Equal(RpcStatusCode.ResourceExhausted, sending.Code);
        var ask = new Note { Text = "large", Number = 5 * MiB + 1 };
        RpcException reading = await Failure(js.Channel.UnaryAsync(ProbeMethods.Echo, ask));
        Assert.Equal(RpcStatusCode.ResourceExhausted, reading.Code);
        await js.Channel.UnaryAsync(ProbeMethods.Echo, new Note());
    }

    private static Task<RpcException> Failure(Task call) => Assert.ThrowsAsync<RpcException>(() => call);
}
