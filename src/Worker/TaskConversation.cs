using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>A conversation with a container of this node: exec, attach or a copy, from beginning to end.</summary>
/// <param name="containers">Null where there are none.</param>
/// <param name="task">The leader's word for whom it is with.</param>
/// <param name="said">What the caller says; its token is that of <paramref name="end"/>.</param>
/// <param name="answers">To the caller.</param>
/// <param name="end">Cancelled when the caller goes, and here when nothing more is to be heard.</param>
internal sealed class TaskConversation(
    ContainerRuntime? containers, string task, IAsyncEnumerator<TaskSessionRequest> said, TaskSessionAnswers answers,
    CancellationTokenSource end)
{
    private static readonly TimeSpan AlivePeriod = TimeSpan.FromSeconds(5);

    private Task _hearing = Task.CompletedTask;

    /// <summary>The caller goes and the command stays.</summary>
    private volatile bool _stays;

    /// <summary>How it ended.</summary>
    internal async Task<TaskSessionEnd> RunAsync(OpenTaskSession open)
    {
        try
        {
            return await WorkAsync(open).ConfigureAwait(false);
        }
        catch (ContainerException e)
        {
            return new TaskSessionEnd { Refused = true, ExitCode = 1, Failure = e.Message };
        }
        catch (CommandFailedException e)
        {
            return new TaskSessionEnd { ExitCode = e.ExitCode, Failure = e.Message };
        }
    }

    /// <summary>Reads what still comes until the leader ends the call.</summary>
    internal async Task DrainAsync()
    {
        if (!_hearing.IsCompleted)
        {
            await _hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        while (await said.MoveNextAsync().ConfigureAwait(false))
        {
        }
    }

    private Task<TaskSessionEnd> WorkAsync(OpenTaskSession open)
    {
        var runtime = containers ?? throw new ContainerException("this node runs no containers");
        return open.WorkCase switch
        {
            OpenTaskSession.WorkOneofCase.Exec => ExecAsync(runtime, open.Exec),
            OpenTaskSession.WorkOneofCase.Attach => AttachAsync(runtime, open.Attach),
            OpenTaskSession.WorkOneofCase.Stat => new TaskCopy(runtime, task, answers).StatAsync(open.Stat, end.Token),
            OpenTaskSession.WorkOneofCase.Read => new TaskCopy(runtime, task, answers).ReadAsync(open.Read, end.Token),
            OpenTaskSession.WorkOneofCase.Write => WriteAsync(new TaskCopy(runtime, task, answers), open.Write),
            _ => throw new ContainerException("this node is older than the request: it does not know what is wanted"),
        };
    }

    private async Task<TaskSessionEnd> ExecAsync(ContainerRuntime runtime, ExecWork work)
    {
        var command = new ContainerCommand
        {
            Args = [.. work.Args],
            Env = [.. work.Env],
            User = work.User,
            Cwd = work.Workdir,
            Tty = work.Tty,
            OpenInput = work.Stdin,
            Size = SizeOf(work.Size),
        };
        if (work.Detach)
        {
            await runtime.StartDetachedAsync(task, command, end.Token).ConfigureAwait(false);
            return new TaskSessionEnd();
        }

        var session = await runtime.StartExecAsync(task, command, end.Token).ConfigureAwait(false);
        return await ConverseAsync(session).ConfigureAwait(false);
    }

    private Task<TaskSessionEnd> AttachAsync(ContainerRuntime runtime, AttachWork work)
    {
        var session = runtime.Attach(task);
        if (work.Size is not null)
        {
            session.Resize(SizeOf(work.Size));
        }

        return ConverseAsync(session);
    }

    private async Task<TaskSessionEnd> ConverseAsync(ContainerSession session)
    {
        var staying = Task.CompletedTask;
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        try
        {
            await answers.StartedAsync(task, session.IsTerminal, end.Token).ConfigureAwait(false);
            var heard = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
            _hearing = HearAsync(session, heard);
            staying = StayAliveAsync(heard, alive.Token);
            try
            {
                await foreach (var piece in session.ReadAllAsync(heard.Token).ConfigureAwait(false))
                {
                    await answers.WriteAsync(piece.IsError, piece.Data, heard.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (!end.IsCancellationRequested)
            {
                return new TaskSessionEnd();
            }

            var ended = await session.Ended.ConfigureAwait(false);
            return new TaskSessionEnd { ExitCode = ended.ExitCode, Failure = ended.Failure ?? "" };
        }
        finally
        {
            await alive.CancelAsync().ConfigureAwait(false);
            await staying.ConfigureAwait(false);
            if (_stays)
            {
                _ = LeaveAsync(session);
            }
            else
            {
                await session.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// What is typed and asked for, until the caller goes: with a word the command stays, without one everything ends.
    /// </summary>
    private async Task HearAsync(ContainerSession session, CancellationTokenSource heard)
    {
        try
        {
            while (await said.MoveNextAsync().ConfigureAwait(false))
            {
                if (said.Current.KindCase == TaskSessionRequest.KindOneofCase.Detach)
                {
                    _stays = true;
                    return;
                }

                await HearAsync(session, said.Current).ConfigureAwait(false);
            }

            await end.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or IOException)
        {
            await end.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            await heard.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// A command that neither writes nor reads must notice that the caller has gone: saying nothing is enough for that.
    /// </summary>
    private async Task StayAliveAsync(CancellationTokenSource heard, CancellationToken ct)
    {
        try
        {
            using var timer = new PeriodicTimer(AlivePeriod);
            while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
            {
                await answers.WriteAsync(false, default, ct).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The command has ended.
        }
        catch (Exception e) when (e is RpcException or IOException)
        {
            await heard.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task HearAsync(ContainerSession session, TaskSessionRequest request)
    {
        switch (request.KindCase)
        {
            case TaskSessionRequest.KindOneofCase.Data:
                await session.WriteAsync(request.Data.Memory, end.Token).ConfigureAwait(false);
                break;
            case TaskSessionRequest.KindOneofCase.EndOfData:
                session.CloseInput();
                break;
            case TaskSessionRequest.KindOneofCase.Resize:
                session.Resize(SizeOf(request.Resize));
                break;
            case TaskSessionRequest.KindOneofCase.Signal when SignalName.IsNumber(request.Signal):
                session.Signal(request.Signal);
                break;
        }
    }

    /// <summary>The command goes on without anybody: what it writes is read and dropped until it ends.</summary>
    private static async Task LeaveAsync(ContainerSession session)
    {
        await foreach (var _ in session.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
        }

        await session.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<TaskSessionEnd> WriteAsync(TaskCopy copy, WriteWork work)
    {
        var pipe = TaskCopy.NewPipe();
        _hearing = copy.FillAsync(said, pipe.Writer, end.Token);
        return await copy.WriteAsync(work, pipe.Reader, end.Token).ConfigureAwait(false);
    }

    private static TerminalSize SizeOf(WindowSize? size) => size is null
        ? default
        : new TerminalSize(
            (ushort)Math.Min(size.Rows, ushort.MaxValue), (ushort)Math.Min(size.Columns, ushort.MaxValue));
}
