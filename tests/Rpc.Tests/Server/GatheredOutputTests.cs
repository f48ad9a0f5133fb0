using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Swarm.Rpc.Server;

namespace Swarm.Rpc.Tests.Server;

/// <summary>What stands between HTTP and a connection: bytes arrive in order, in as few pieces as can be.</summary>
public sealed class GatheredOutputTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What the peer would see.</summary>
    private readonly Pipe _sent = new(new PipeOptions(
        pauseWriterThreshold: 100, resumeWriterThreshold: 1, useSynchronizationContext: false));

    private int _flushes;

    [Fact]
    public Task The_answer_of_a_call_that_is_alone_is_sent_by_who_writes_it() =>
        OnConnection(async (output, gathered) =>
        {
            gathered.Enter();
            await output.WriteAsync(new byte[7]);
            Assert.True(_sent.Reader.TryRead(out ReadResult read));
            Assert.Equal(7, read.Buffer.Length);
            _sent.Reader.AdvanceTo(read.Buffer.End);
        });

    [Fact]
    public Task What_is_written_while_the_peer_does_not_read_is_sent_in_one_piece() =>
        OnConnection(async (output, gathered) =>
        {
            gathered.Enter();
            gathered.Enter();
            await output.WriteAsync(new byte[100]);
            await SentAsync(100, consume: false);
            for (var i = 0; i < 50; i++)
                await output.WriteAsync(new byte[10]);
            await SentAsync(100, consume: true);
            await SentAsync(500, consume: true);
            Assert.Equal(2, _flushes);
        });

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public Task Bytes_arrive_in_order_however_many_calls_run(int calls) => OnConnection(async (output, gathered) =>
    {
        for (var i = 0; i < calls; i++)
            gathered.Enter();
        byte[] all = [.. Enumerable.Range(0, 20_000).Select(i => (byte)(i * 31 / 7))];
        Task writing = Task.Run(async () =>
        {
            for (var at = 0; at < all.Length;)
            {
                int length = Math.Min((at % 97) + 1, all.Length - at);
                await output.WriteAsync(all.AsMemory(at, length));
                at += length;
            }
        });
        var seen = new List<byte>();
        while (seen.Count < all.Length)
        {
            ReadResult read = await _sent.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            seen.AddRange(read.Buffer.ToArray());
            _sent.Reader.AdvanceTo(read.Buffer.End);
        }
        await writing;
        Assert.Equal(all, seen);
    });

    [Fact]
    public async Task What_was_written_is_sent_before_the_connection_ends()
    {
        await OnConnection(async (output, _) => await output.WriteAsync(new byte[60]));
        ReadResult read = await _sent.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal((60, true), (read.Buffer.Length, read.IsCompleted));
    }

    [Fact]
    public Task Who_writes_to_a_connection_that_ended_is_told() => OnConnection(async (output, _) =>
    {
        await _sent.Reader.CompleteAsync();
        await output.WriteAsync(new byte[1]);
        FlushResult result = await output.WriteAsync(new byte[1]).AsTask().WaitAsync(Patience);
        Assert.True(result.IsCompleted);
    });

    /// <summary>The peer sees so many bytes.</summary>
    private async Task SentAsync(int bytes, bool consume)
    {
        ReadResult read = await _sent.Reader.ReadAtLeastAsync(bytes).AsTask().WaitAsync(Patience);
        Assert.Equal(bytes, read.Buffer.Length);
        _sent.Reader.AdvanceTo(consume ? read.Buffer.End : read.Buffer.Start);
    }

    private async Task OnConnection(Func<PipeWriter, GatheredOutput, Task> http)
    {
        var output = new CountedWriter(_sent.Writer, () => _flushes++);
        await using var connection = new DefaultConnectionContext("test", new Ends(new Pipe().Reader, output), null!);
        await GatheredOutput.RunAsync(
            connection, c => http(c.Transport.Output, c.Features.Get<GatheredOutput>()!)).WaitAsync(Patience);
    }

    private sealed class CountedWriter(PipeWriter writer, Action onFlush) : PipeWriter
    {
        public override void Advance(int bytes) => writer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            onFlush();
            return writer.FlushAsync(cancellationToken);
        }
    }

    private sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
