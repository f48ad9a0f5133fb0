using System.Runtime.InteropServices;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Cli;

/// <summary>How a person takes part in a conversation with a task.</summary>
/// <param name="Input">Standard input is sent.</param>
/// <param name="Terminal">Its size and keys are the task's; null = as the task says.</param>
/// <param name="Signals">Signals to swarmctl go to the task.</param>
/// <param name="DetachKeys">Leave the task alone.</param>
internal sealed record TalkForm(bool Input, bool? Terminal, bool Signals, string DetachKeys);

/// <summary>A conversation with a command in a task, or with its program: input, output, size, signals, end.</summary>
internal sealed class TaskTalk(DuplexCall<TaskSessionRequest, TaskSessionResponse> call, TalkForm form)
    : IAsyncDisposable
{
    private const int SignalUser1 = 10;
    private const int SignalPipe = 13;
    private const int SignalUser2 = 12;

    // The numbers of Linux for those that .NET has names for.
    private static readonly (PosixSignal Signal, int Number)[] s_passed =
    [
        (PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGTERM, 15),
        ((PosixSignal)SignalUser1, SignalUser1), ((PosixSignal)SignalUser2, SignalUser2),
    ];

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _over = new();
    private readonly List<PosixSignalRegistration> _registered = [];
    private readonly DetachKeys _keys = DetachKeys.Parse(form.DetachKeys);
    private Terminal? _raw;
    private volatile bool _detached;
    private bool _ended;
    private int _endedBy;

    /// <summary>Whoever took part left it alone, or gave it up: it goes on.</summary>
    internal bool WasLeft => _detached || !_ended;

    /// <summary>The task's side has begun to talk.</summary>
    internal bool HasBegun { get; private set; }

    /// <summary>The exit code of the command; 0 when it was left alone.</summary>
    internal async Task<int> RunAsync(OpenTaskSession open, TextWriter errors)
    {
        PassSignals();
        await SendAsync(new TaskSessionRequest { Open = open }).ConfigureAwait(false);
        await using var output = StandardStream.Output;
        await using var error = StandardStream.Error;
        var typing = Task.CompletedTask;
        try
        {
            await foreach (var said in call.ReadAllAsync(_over.Token).ConfigureAwait(false))
            {
                switch (said.KindCase)
                {
                    case TaskSessionResponse.KindOneofCase.Started:
                        typing = Begin(said.Started, output);
                        break;
                    case TaskSessionResponse.KindOneofCase.Output:
                        Print(output, said.Output);
                        break;
                    case TaskSessionResponse.KindOneofCase.Error:
                        Print(error, said.Error);
                        break;
                    case TaskSessionResponse.KindOneofCase.End:
                        return End(said.End, errors);
                }
            }
        }
        catch (Exception e) when ((e is OperationCanceledException or RpcException)
            && (_over.IsCancellationRequested || _detached))
        {
            return _detached ? ExitCode.Done : ExitCode.Signalled + _endedBy;
        }
        finally
        {
            await _over.CancelAsync().ConfigureAwait(false);
            await typing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        throw new CtlException(ExitCode.Unavailable, "the manager ended the conversation before its end; try again");
    }

    public ValueTask DisposeAsync()
    {
        _raw?.Dispose();
        _registered.ForEach(static r => r.Dispose());
        return call.DisposeAsync();
    }

    private Task Begin(TaskSessionStarted started, Stream output)
    {
        HasBegun = true;
        var terminal = form.Terminal ?? started.Tty;
        if (terminal)
        {
            _raw = form.Input ? Terminal.TryMakeRaw(output) : null;
            _registered.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize()));
            Resize();
        }

        return form.Input ? TypeAsync(terminal && _raw is not null) : Task.CompletedTask;
    }

    private async Task TypeAsync(bool hasKeys)
    {
        var passes = new List<byte>();
        await foreach (var piece in StandardInput.ReadAsync(_over.Token).ConfigureAwait(false))
        {
            if (!hasKeys)
            {
                await SendAsync(new TaskSessionRequest { Data = UnsafeByteOperations.UnsafeWrap(piece) })
                    .ConfigureAwait(false);
                continue;
            }

            passes.Clear();
            var leaves = _keys.Take(piece, passes);
            if (passes.Count > 0)
            {
                await SendAsync(new TaskSessionRequest { Data = ByteString.CopyFrom([.. passes]) })
                    .ConfigureAwait(false);
            }

            if (leaves)
            {
                await LeaveAsync().ConfigureAwait(false);
                return;
            }
        }

        await SendAsync(new TaskSessionRequest { EndOfData = true }).ConfigureAwait(false);
    }

    /// <summary>The node answers with the end, so that the word has arrived when this process is gone.</summary>
    private Task LeaveAsync()
    {
        _detached = true;
        return SendAsync(new TaskSessionRequest { Detach = true });
    }

    private void PassSignals()
    {
        if (!form.Signals)
        {
            return;
        }

        foreach (var (signal, number) in s_passed)
        {
            _registered.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Pass(number);
            }));
        }
    }

    /// <summary>The first goes to the command. With a terminal keys do that, and a signal means this process.</summary>
    private void Pass(int number)
    {
        var isFirst = Interlocked.Exchange(ref _endedBy, number) != number;
        if (isFirst && _raw is null)
        {
            Post(new TaskSessionRequest { Signal = number });
        }
        else
        {
            _over.Cancel();
        }
    }

    private void Resize()
    {
        if (Terminal.Size() is { } size)
        {
            Post(new TaskSessionRequest { Resize = size });
        }
    }

    private void Post(TaskSessionRequest request) => _ = PostAsync(request);

    private async Task PostAsync(TaskSessionRequest request)
    {
        try
        {
            await SendAsync(request).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or IOException)
        {
            // The conversation has ended, and its reader says how.
        }
    }

    private async Task SendAsync(TaskSessionRequest request)
    {
        await _one.WaitAsync(_over.Token).ConfigureAwait(false);
        try
        {
            await call.WriteAsync(request, _over.Token).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>When nobody reads what we print, there is nothing to talk about any more.</summary>
    private void Print(Stream to, ByteString text)
    {
        try
        {
            to.Write(text.Span);
        }
        catch (IOException)
        {
            _endedBy = SignalPipe;
            _over.Cancel();
        }
    }

    private int End(TaskSessionEnd end, TextWriter errors)
    {
        _raw?.Dispose();
        _ended = true;
        if (_detached)
        {
            return ExitCode.Done;
        }

        if (end.Failure.Length > 0)
        {
            errors.WriteLine("Error: " + Printable.Line(end.Failure));
        }

        return end.ExitCode;
    }
}
