using System.IO.Pipelines;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>Archives between a container of this node and a conversation.</summary>
internal sealed class TaskCopy(ContainerRuntime runtime, string task, TaskSessionAnswers answers)
{
    /// <summary>Of an archive on its way.</summary>
    private const int PipeBytes = 1 << 20;

    private const int PieceBytes = 64 << 10;

    internal async Task<TaskSessionEnd> StatAsync(StatWork work, CancellationToken ct)
    {
        var facts = await runtime.StatPathAsync(task, work.Path, work.Follow, ct).ConfigureAwait(false);
        await answers.StatAsync(
            facts is null
                ? new PathStat()
                : new PathStat
                {
                    Exists = true, Directory = facts.IsDirectory, LinkTarget = facts.LinkTarget, Size = facts.Size,
                },
            ct).ConfigureAwait(false);
        return new TaskSessionEnd();
    }

    internal async Task<TaskSessionEnd> ReadAsync(ReadWork work, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var pipe = NewPipe();
        var packing = PackAsync(work, pipe.Writer, stop.Token);
        try
        {
            while (true)
            {
                var read = await pipe.Reader.ReadAsync(ct).ConfigureAwait(false);
                foreach (var piece in read.Buffer)
                {
                    await answers.WriteAsync(false, piece, ct).ConfigureAwait(false);
                }

                pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await ((Task)packing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return new TaskSessionEnd { LeftOut = (ulong)await packing.ConfigureAwait(false) };
    }

    private async Task<long> PackAsync(ReadWork work, PipeWriter writer, CancellationToken ct)
    {
        try
        {
            return await runtime.ReadPathAsync(task, work.Path, work.Follow, writer.AsStream(leaveOpen: true), ct)
                .ConfigureAwait(false);
        }
        finally
        {
            await writer.CompleteAsync().ConfigureAwait(false);
        }
    }

    internal async Task<TaskSessionEnd> WriteAsync(WriteWork work, PipeReader archive, CancellationToken ct)
    {
        try
        {
            var leftOut = await runtime.WritePathAsync(
                task, work.Directory, work.KeepOwner, archive.AsStream(leaveOpen: true), ct).ConfigureAwait(false);
            return new TaskSessionEnd { LeftOut = (ulong)leftOut };
        }
        finally
        {
            await archive.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>An archive that ends without the word for it is cut off, and not taken for a whole one.</summary>
    internal async Task FillAsync(
        IAsyncEnumerator<TaskSessionRequest> said, PipeWriter writer, CancellationToken ct)
    {
        Exception? cutOff = new IOException("the archive was cut off");
        try
        {
            while (await said.MoveNextAsync().ConfigureAwait(false))
            {
                if (said.Current.KindCase == TaskSessionRequest.KindOneofCase.EndOfData)
                {
                    cutOff = null;
                    return;
                }

                var flushed = await writer.WriteAsync(said.Current.Data.Memory, ct).ConfigureAwait(false);
                if (flushed.IsCompleted)
                {
                    cutOff = null;
                    return;
                }
            }
        }
        finally
        {
            await writer.CompleteAsync(cutOff).ConfigureAwait(false);
        }
    }

    internal static Pipe NewPipe() => new(new PipeOptions(
        pauseWriterThreshold: PipeBytes, resumeWriterThreshold: PipeBytes / 2, minimumSegmentSize: PieceBytes,
        useSynchronizationContext: false));
}
