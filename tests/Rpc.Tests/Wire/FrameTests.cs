using System.Buffers;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Swarm.Rpc.Tests.Probes;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Tests.Wire;

/// <summary>Frames in whatever pieces they arrive.</summary>
public sealed class FrameTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Messages_survive_any_cut() => Prop.ForAll<byte[][], PositiveInt>((payloads, step) =>
    {
        Note[] notes = [.. payloads.Select(p => new Note { Payload = ByteString.CopyFrom(p ?? []) })];
        var wire = new ArrayBufferWriter<byte>();
        foreach (Note note in notes)
        {
            FrameWriter.Write(wire, note, Limits.MaxMessageBytes);
        }
        return ReadInPieces(wire.WrittenMemory, step.Get).GetAwaiter().GetResult().SequenceEqual(notes);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Noise_never_fails_otherwise_than_with_a_status() => Prop.ForAll<byte[]>(noise =>
    {
        try
        {
            ReadInPieces(noise, 3).GetAwaiter().GetResult();
        }
        catch (RpcException e)
        {
            return e.Code is RpcStatusCode.Internal or RpcStatusCode.ResourceExhausted;
        }
        return true;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Incomplete_messages_of_one_address_have_a_budget()
    {
        var budget = new MessageBudget(100);
        var first = new Pipe();
        using var one = new FrameReader(first.Reader, 1000, Patience, budget);
        await first.Writer.WriteAsync(new byte[] { 0, 0, 0, 0, 60, 1 });
        Task<Note?> waiting = one.ReadAsync(Note.Parser, false, default).AsTask();
        Assert.Equal(60, budget.UsedBytes);

        var second = new Pipe();
        using (var two = new FrameReader(second.Reader, 1000, Patience, budget))
        {
            await second.Writer.WriteAsync(new byte[] { 0, 0, 0, 0, 60, 1 });
            RpcException e = await Assert.ThrowsAsync<RpcException>(
                () => two.ReadAsync(Note.Parser, false, default).AsTask());
            Assert.Equal(RpcStatusCode.ResourceExhausted, e.Code);
        }
        Assert.Equal(60, budget.UsedBytes);

        await first.Writer.WriteAsync(new byte[59]);
        await Assert.ThrowsAsync<RpcException>(() => waiting);
        one.Dispose();
        Assert.Equal(0, budget.UsedBytes);
    }

    private static async Task<List<Note>> ReadInPieces(ReadOnlyMemory<byte> wire, int step)
    {
        var pipe = new Pipe();
        Task writing = Task.Run(async () =>
        {
            for (int at = 0; at < wire.Length; at += step)
            {
                await pipe.Writer.WriteAsync(wire.Slice(at, Math.Min(step, wire.Length - at)));
            }
            await pipe.Writer.CompleteAsync();
        });
        using var reader = new FrameReader(pipe.Reader, Limits.MaxMessageBytes, Patience);
        var notes = new List<Note>();
        try
        {
            while (await reader.ReadAsync(Note.Parser, false, default) is { } note)
            {
                notes.Add(note);
            }
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await writing;
        }
        return notes;
    }
}
