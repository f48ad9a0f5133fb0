using Google.Protobuf;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Server;

/// <summary>Readers and senders that are slow, or stop.</summary>
public sealed class FlowTests
{
    private const int NoteBytes = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Writer_waits_for_a_reader_that_does_not_read(string transport)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        const int notes = 4000;
        var ask = new Note { Number = notes, Payload = ByteString.CopyFrom(new byte[NoteBytes]) };
        await using ServerStreamCall<Note> call = host.Over(transport).ServerStream(ProbeMethods.Count, ask);
        IAsyncEnumerator<Note> answers = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await answers.MoveNextAsync().AsTask().WaitAsync(Patience));
        int written = await Settled(() => host.Probe.Written);
        // 250 MiB are asked for: windows and buffers hold a few.
        Assert.InRange(written * (NoteBytes / 1024), 1, 16 * 1024);
        int seen = 1;
        while (await answers.MoveNextAsync().AsTask().WaitAsync(Patience))
        {
            seen++;
        }
        Assert.Equal(notes, seen);
    }

    [Fact]
    public async Task Reader_that_stops_for_good_is_given_up()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(
            new RpcServerLimits { StalledWriteTimeout = TimeSpan.FromMilliseconds(500) });
        RpcChannel channel = host.Unix();
        var ask = new Note { Number = 4000, Payload = ByteString.CopyFrom(new byte[NoteBytes]) };
        await using ServerStreamCall<Note> call = channel.ServerStream(ProbeMethods.Count, ask);
        IAsyncEnumerator<Note> answers = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await answers.MoveNextAsync().AsTask().WaitAsync(Patience));
        await Settled(() => host.Probe.Written, stillMs: 1500);
        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await answers.MoveNextAsync().AsTask().WaitAsync(Patience))
            {
                Assert.NotNull(answers.Current);
            }
        });
        Assert.InRange(host.Probe.Written, 1, 3999);
        await channel.UnaryAsync(ProbeMethods.Echo, new Note());
    }

    [Fact]
    public async Task Sender_waits_for_a_handler_that_does_not_read()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        await using DuplexCall<Note, Note> call = host.Unix().Duplex(ProbeMethods.Chat);
        var note = new Note { Payload = ByteString.CopyFrom(new byte[NoteBytes]) };
        int sent = 0;
        using var cancel = new CancellationTokenSource();
        Task sender = Task.Run(async () =>
        {
            // The echo fills the way back, so the handler stops to read.
            while (true)
            {
                await call.WriteAsync(note, cancel.Token);
                Interlocked.Increment(ref sent);
            }
        });
        Assert.InRange(await Settled(() => Volatile.Read(ref sent)) * (NoteBytes / 1024), 1, 32 * 1024);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sender);
    }

    // The value once it has moved, and then stood still for a while.
    private static async Task<int> Settled(Func<int> value, int stillMs = 700)
    {
        long until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        int last = value();
        long since = Environment.TickCount64;
        while ((last == 0 || Environment.TickCount64 - since < stillMs) && Environment.TickCount64 < until)
        {
            await Task.Delay(50);
            if (value() is var now && now != last)
                (last, since) = (now, Environment.TickCount64);
        }
        return last;
    }
}
