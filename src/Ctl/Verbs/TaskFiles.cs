using System.IO.Pipelines;
using Google.Protobuf;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>Files of one task, on whatever node it runs.</summary>
internal sealed class TaskFiles(Cli.Ctl ctl, string task, bool here)
{
    private const int PieceBytes = 64 << 10;
    private const int PipeBytes = 1 << 20;

    internal async Task<PathStat> StatAsync(string path, bool follow, CancellationToken ct)
    {
        await using var call = await ctl.ConverseAsync(task, here, ct).ConfigureAwait(false);
        await OpenAsync(call, new OpenTaskSession { Stat = new StatWork { Path = path, Follow = follow } }, ct)
            .ConfigureAwait(false);
        await foreach (var said in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            if (said.KindCase == TaskSessionResponse.KindOneofCase.Stat)
            {
                return said.Stat;
            }
        }

        throw CutOff();
    }

    /// <summary>The archive of a path; without an exception it is whole.</summary>
    internal async Task<Copied> ReadAsync(string path, bool follow, Stream archive, CancellationToken ct)
    {
        await using var call = await ctl.ConverseAsync(task, here, ct).ConfigureAwait(false);
        await OpenAsync(call, new OpenTaskSession { Read = new ReadWork { Path = path, Follow = follow } }, ct)
            .ConfigureAwait(false);
        var bytes = 0L;
        await foreach (var said in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            switch (said.KindCase)
            {
                case TaskSessionResponse.KindOneofCase.Output:
                    await archive.WriteAsync(said.Output.Memory, ct).ConfigureAwait(false);
                    bytes += said.Output.Length;
                    break;
                case TaskSessionResponse.KindOneofCase.End:
                    await archive.FlushAsync(ct).ConfigureAwait(false);
                    return new Copied(bytes, said.End.LeftOut);
            }
        }

        throw CutOff();
    }

    /// <summary>Unpacks an archive in a directory of the task.</summary>
    internal async Task<Copied> WriteAsync(
        string directory, bool keepOwner, Func<Stream, CancellationToken, Task<ulong>> write, CancellationToken ct)
    {
        await using var call = await ctl.ConverseAsync(task, here, ct).ConfigureAwait(false);
        await OpenAsync(
            call,
            new OpenTaskSession { Write = new WriteWork { Directory = directory, KeepOwner = keepOwner } }, ct)
            .ConfigureAwait(false);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sending = SendAsync(call, write, over.Token);
        var ending = EndAsync(call, ct);
        // A refusal comes while there is still much to send.
        if (await Task.WhenAny(sending, ending).ConfigureAwait(false) == sending && sending.IsFaulted
            && sending.Exception!.InnerException is not RpcException)
        {
            _ = await sending.ConfigureAwait(false);
        }

        try
        {
            var end = await ending.ConfigureAwait(false);
            var sent = await sending.ConfigureAwait(false);
            return sent with { LeftOut = sent.LeftOut + end.LeftOut };
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task OpenAsync(
        DuplexCall<TaskSessionRequest, TaskSessionResponse> call, OpenTaskSession open, CancellationToken ct)
    {
        open.Task = task;
        return call.WriteAsync(new TaskSessionRequest { Open = open }, ct).AsTask();
    }

    private static async Task<Copied> SendAsync(
        DuplexCall<TaskSessionRequest, TaskSessionResponse> call, Func<Stream, CancellationToken, Task<ulong>> write,
        CancellationToken ct)
    {
        var pipe = new Pipe(new PipeOptions(
            pauseWriterThreshold: PipeBytes, resumeWriterThreshold: PipeBytes / 2, minimumSegmentSize: PieceBytes));
        var writing = FillAsync(pipe.Writer, write, ct);
        var bytes = 0L;
        try
        {
            while (true)
            {
                var read = await pipe.Reader.ReadAsync(ct).ConfigureAwait(false);
                var goesOn = !read.IsCompleted;
                foreach (var piece in read.Buffer)
                {
                    var data = new TaskSessionRequest { Data = UnsafeByteOperations.UnsafeWrap(piece) };
                    goesOn = await TrySendAsync(call, data, ct).ConfigureAwait(false) && goesOn;
                    bytes += piece.Length;
                }

                pipe.Reader.AdvanceTo(read.Buffer.End);
                if (!goesOn)
                {
                    break;
                }
            }
        }
        finally
        {
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }

        var leftOut = await writing.ConfigureAwait(false);
        await TrySendAsync(call, new TaskSessionRequest { EndOfData = true }, ct).ConfigureAwait(false);
        return new Copied(bytes, leftOut);
    }

    /// <summary>
    /// False when the call has ended already, which is no failure of its own: a node that has seen the end of the
    /// archive may answer before the last words have left, and one that refuses says why. The answer tells.
    /// </summary>
    private static async Task<bool> TrySendAsync(
        DuplexCall<TaskSessionRequest, TaskSessionResponse> call, TaskSessionRequest request, CancellationToken ct)
    {
        try
        {
            await call.WriteAsync(request, ct).ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.Code == RpcStatusCode.Cancelled)
        {
            return false;
        }
    }

    private static async Task<ulong> FillAsync(
        PipeWriter pipe, Func<Stream, CancellationToken, Task<ulong>> write, CancellationToken ct)
    {
        try
        {
            var leftOut = await write(pipe.AsStream(leaveOpen: true), ct).ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
            return leftOut;
        }
        catch (Exception e)
        {
            await pipe.CompleteAsync(e).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<TaskSessionEnd> EndAsync(
        DuplexCall<TaskSessionRequest, TaskSessionResponse> call, CancellationToken ct)
    {
        await foreach (var said in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            if (said.KindCase == TaskSessionResponse.KindOneofCase.End)
            {
                return said.End;
            }
        }

        throw CutOff();
    }

    private static CtlException CutOff() =>
        new(ExitCode.Unavailable, "the manager ended the copy before its end; try again");
}
