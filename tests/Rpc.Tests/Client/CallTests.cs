using System.Text;
using Google.Protobuf;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Client;

/// <summary>Every kind of call, over both transports.</summary>
public sealed class CallTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Unary_calls_return_what_the_handler_returns(string transport)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Over(transport);
        Assert.Equal(new Note(), await channel.UnaryAsync(ProbeMethods.Echo, new Note()));
        var large = new Note { Text = "x", Payload = ByteString.CopyFrom(new byte[4 * 1024 * 1024 - 100]) };
        Assert.Equal(large, await channel.UnaryAsync(ProbeMethods.Echo, large));
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task All_kinds_of_streams_work(string transport)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Over(transport);

        await using ServerStreamCall<Note> count = channel.ServerStream(ProbeMethods.Count, new Note { Number = 3 });
        Assert.Equal([0, 1, 2], await Numbers(count.ReadAllAsync()));
        await using ServerStreamCall<Note> none = channel.ServerStream(ProbeMethods.Count, new Note());
        Assert.Empty(await Numbers(none.ReadAllAsync()));

        await using ClientStreamCall<Note, Note> sum = channel.ClientStream(ProbeMethods.Sum);
        for (int i = 1; i <= 4; i++)
        {
            await sum.WriteAsync(new Note { Number = i });
        }
        Assert.Equal(10, (await sum.CompleteAsync()).Number);

        await using DuplexCall<Note, Note> chat = channel.Duplex(ProbeMethods.Chat);
        IAsyncEnumerator<Note> answers = chat.ReadAllAsync().GetAsyncEnumerator();
        for (int i = 1; i <= 4; i++)
        {
            await chat.WriteAsync(new Note { Number = i, Text = "hello" });
            Assert.True(await answers.MoveNextAsync().AsTask().WaitAsync(Patience));
            Assert.Equal((i, "re: hello"), (answers.Current.Number, answers.Current.Text));
        }
        await chat.CompleteAsync();
        Assert.False(await answers.MoveNextAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Status_message_and_details_travel_unchanged()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => host.Unix().UnaryAsync(ProbeMethods.Echo, new Note { Text = "fail" }));
        Assert.Equal(RpcStatusCode.FailedPrecondition, e.Code);
        Assert.Equal("100 % – nicht möglich\n", e.Message);
        Assert.Equal("details\0", Encoding.UTF8.GetString(e.Details!));
    }

    [Fact]
    public async Task Status_after_messages_comes_in_the_trailers()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        await using ServerStreamCall<Note> call =
            host.Unix().ServerStream(ProbeMethods.Count, new Note { Number = 2, Text = "DataLoss" });
        var seen = new List<int>();
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (Note note in call.ReadAllAsync())
                seen.Add(note.Number);
        });
        Assert.Equal([0, 1], seen);
        Assert.Equal((RpcStatusCode.DataLoss, "as asked"), (e.Code, e.Message));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fail")]
    public async Task Metadata_travels_both_ways(string text)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        var seen = new ResponseMetadata();
        var metadata = new Dictionary<string, string> { ["probe"] = "a b,c" };
        var options = new CallOptions { Metadata = metadata, Response = seen };
        Task call = host.Unix().UnaryAsync(ProbeMethods.Echo, new Note { Text = text }, options);
        await Task.WhenAny(call);
        Assert.Equal("a b,c", seen.Headers["probe-header"]);
        Assert.Equal("a b,c", seen.Trailers["probe-trailer"]);
    }

    [Theory]
    [InlineData("Upper", "x")]
    [InlineData("grpc-status", "0")]
    [InlineData(":path", "/x")]
    [InlineData("ok", "line\nbreak")]
    [InlineData("", "x")]
    public async Task Metadata_that_cannot_travel_is_refused(string key, string value)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        var options = new CallOptions { Metadata = new Dictionary<string, string> { [key] = value } };
        await Assert.ThrowsAsync<ArgumentException>(
            () => host.Unix().UnaryAsync(ProbeMethods.Echo, new Note(), options));
        Assert.Equal(0, host.Probe.Calls);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Sixty_four_callers_at_once_get_their_own_answers(string transport)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        RpcChannel channel = host.Over(transport);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async caller =>
        {
            for (int i = 0; i < 50; i++)
            {
                var note = new Note { Number = caller * 1000 + i, Payload = ByteString.CopyFrom(new byte[i * 37]) };
                Assert.Equal(note, await channel.UnaryAsync(ProbeMethods.Echo, note));
            }
        }));
    }

    [Fact]
    public async Task More_streams_than_one_connection_has_take_another_connection()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(new RpcServerLimits { MaxStreamsPerConnection = 4 });
        RpcChannel channel = host.Unix();
        var calls = new List<DuplexCall<Note, Note>>();
        for (int i = 0; i < 10; i++)
        {
            DuplexCall<Note, Note> call = channel.Duplex(ProbeMethods.Chat);
            calls.Add(call);
            await call.WriteAsync(new Note { Number = i }).AsTask().WaitAsync(Patience);
            IAsyncEnumerator<Note> answers = call.ReadAllAsync().GetAsyncEnumerator();
            Assert.True(await answers.MoveNextAsync().AsTask().WaitAsync(Patience));
        }
        foreach (DuplexCall<Note, Note> call in calls)
        {
            await call.DisposeAsync();
        }
    }

    private static async Task<List<int>> Numbers(IAsyncEnumerable<Note> notes)
    {
        var numbers = new List<int>();
        await foreach (Note note in notes)
        {
            numbers.Add(note.Number);
        }
        return numbers;
    }
}
