using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Somebody's conversation with a container: what it writes, what is typed, the size of the terminal, signals. One
/// thread of its own moves the bytes; whoever reads slowly makes it wait. Members may be called from any thread.
/// </summary>
public abstract class ContainerSession : IAsyncDisposable
{
    /// <summary>Largest piece of output.</summary>
    public const int MaxPieceBytes = 32 << 10;

    /// <summary>Pieces of output that wait for their reader.</summary>
    internal const int MaxWaitingPieces = 32;

    private const int MaxWaitingInputs = 16;
    private const int StackBytes = 256 << 10;

    private readonly Channel<ContainerOutput> _output;
    private readonly Channel<ReadOnlyMemory<byte>> _input =
        Channel.CreateBounded<ReadOnlyMemory<byte>>(MaxWaitingInputs);

    private readonly TaskCompletionSource<SessionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SafeFileHandle _wake = SessionNative.NewEvent();
    private readonly Lock _gate = new();
    private ContainerOutput? _held;
    private ReadOnlyMemory<byte> _next;
    private bool _awaitsRoom;
    private bool _isOver;

    private protected ContainerSession(int waitingPieces) =>
        _output = Channel.CreateBounded<ContainerOutput>(waitingPieces);

    /// <summary>How it ended; comes after the last piece of output was handed out or given up.</summary>
    public Task<SessionEnd> Ended => _ended.Task;

    /// <summary>One stream both ways, that has a size.</summary>
    public abstract bool IsTerminal { get; }

    /// <summary>It has been told to end.</summary>
    private protected bool StopAsked { get; private set; }

    /// <summary>Everything that the container writes from now on, to be read once, until the session ends.</summary>
    public IAsyncEnumerable<ContainerOutput> ReadAllAsync(CancellationToken ct) => _output.Reader.ReadAllAsync(ct);

    /// <summary>What is typed. Waits while nobody takes it; what nobody will ever take is dropped.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        try
        {
            await _input.Writer.WriteAsync(data, ct).ConfigureAwait(false);
            Wake();
        }
        catch (ChannelClosedException)
        {
            // The input was closed, by its reader or its writer.
        }
    }

    /// <summary>Nothing more will be typed.</summary>
    public void CloseInput()
    {
        _input.Writer.TryComplete();
        Wake();
    }

    /// <summary>The terminal has another size now; without a terminal nothing happens.</summary>
    public abstract void Resize(TerminalSize size);

    /// <summary>Signals the program that the session is with. One that has ended is no error.</summary>
    public abstract void Signal(int signal);

    /// <summary>Ends the session; the command of an exec is ended too.</summary>
    public async ValueTask DisposeAsync()
    {
        StopAsked = true;
        Wake();
        await ((Task)Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GC.SuppressFinalize(this);
    }

    private protected void Begin() => new Thread(Run, StackBytes) { IsBackground = true, Name = "session" }.Start();

    /// <summary>Moves bytes until the session ends.</summary>
    private protected abstract SessionEnd Pump();

    /// <summary>Gives back what the session holds.</summary>
    private protected abstract void Release();

    private protected int WakeDescriptor => (int)_wake.DangerousGetHandle();

    private protected void ClearWake() => _ = SessionNative.Read(_wake, stackalloc byte[8]);

    /// <summary>The reader has room for another piece; when not, the thread is woken as soon as it has.</summary>
    private protected bool HasRoom()
    {
        if (_held is not { } held)
            return true;
        if (_output.Writer.TryWrite(held))
        {
            _held = null;
            return true;
        }
        if (!Volatile.Read(ref _awaitsRoom))
        {
            Volatile.Write(ref _awaitsRoom, true);
            _ = WakeWhenRoomAsync();
        }
        return false;
    }

    private protected void Offer(bool isError, ReadOnlySpan<byte> data)
    {
        var piece = new ContainerOutput(isError, data.ToArray());
        if (!_output.Writer.TryWrite(piece))
            _held = piece;
    }

    /// <summary>What is to be given to the program next; empty when nothing waits.</summary>
    private protected ReadOnlyMemory<byte> NextInput()
    {
        while (_next.IsEmpty && _input.Reader.TryRead(out var next))
            _next = next;
        return _next;
    }

    private protected bool IsInputOver => _next.IsEmpty && _input.Reader.Completion.IsCompleted;

    /// <summary>What waits goes to the program, at most so many bytes at once.</summary>
    private protected void Give(SafeFileHandle to, int most = int.MaxValue)
    {
        var next = NextInput();
        var count = SessionNative.Write(to, next.Span[..Math.Min(next.Length, most)]);
        if (count >= 0)
            _next = _next[count..];
        else if (count == -2)
            CloseIn();
    }

    /// <summary>No input can come any more.</summary>
    private protected abstract void CloseIn();

    /// <summary>The program reads no more.</summary>
    private protected void RefuseInput()
    {
        _input.Writer.TryComplete();
        while (_input.Reader.TryRead(out _))
        {
        }
        _next = default;
    }

    private async Task WakeWhenRoomAsync()
    {
        _ = await _output.Writer.WaitToWriteAsync().ConfigureAwait(false);
        Volatile.Write(ref _awaitsRoom, false);
        Wake();
    }

    private void Run()
    {
        try
        {
            var end = Pump();
            Close();
            _ended.TrySetResult(end);
        }
        catch (Exception e)
        {
            Close();
            _ended.TrySetException(e);
        }
    }

    private void Close()
    {
        Release();
        _input.Writer.TryComplete();
        _output.Writer.TryComplete();
        lock (_gate)
        {
            _isOver = true;
            _wake.Dispose();
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (!_isOver)
                _ = SessionNative.Write(_wake, [1, 0, 0, 0, 0, 0, 0, 0]);
        }
    }
}
