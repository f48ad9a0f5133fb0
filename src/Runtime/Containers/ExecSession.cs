using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>
/// A command in a container with somebody at its input and output. When the session is given up, its terminal hangs up
/// (without one it gets SIGHUP), and what is left of its process group after a grace is killed.
/// </summary>
internal sealed class ExecSession : ContainerSession
{
    private const int HangUpGraceMs = 2_000;

    /// <summary>What was killed goes when the kernel gets to it; what nobody reaps stays in its group.</summary>
    private const int KilledWaitMs = 2_000;
    private const int PauseMs = 20;

    /// <summary>What the runtime itself says when it fails must not look like the command's words.</summary>
    private const int FirstWordsMs = 30;

    private const int SignalHangUp = 1;
    private readonly ExecFiles _files;
    private readonly Action _released;
    private readonly ExecStart _start;
    private SafeFileHandle? _in;
    private SafeFileHandle? _out;
    private SafeFileHandle? _error;
    private bool _hasSpoken;
    private bool _hasEnded;

    internal ExecSession(ExecStart start, ExecFiles files, Action released)
        : base(MaxWaitingPieces)
    {
        _start = start;
        _files = files;
        _released = released;
        (_in, _out, _error) = (start.Input, start.Output, start.Error);
        Begin();
    }

    public override bool IsTerminal => _start.IsTerminal;

    public override void Resize(TerminalSize size)
    {
        if (_start.IsTerminal && _out is { IsClosed: false } terminal)
            SafeCall(() => SessionNative.Resize(terminal, size));
    }

    public override void Signal(int signal)
    {
        if (_files.Child() is > 0 and var child && !Ended.IsCompleted)
            _ = ContainerNative.kill(child, signal);
    }

    private protected override SessionEnd Pump()
    {
        Span<byte> buffer = new byte[MaxPieceBytes];
        Span<Polled> polled = stackalloc Polled[5];
        while (!StopAsked)
        {
            var isFree = HasRoom();
            if (_in is not null && NextInput().IsEmpty && IsInputOver)
                CloseIn();
            polled[0] = new Polled { Fd = WakeDescriptor, Wanted = Polled.Readable };
            polled[1] = Want(_hasEnded ? null : _start.Ended, Polled.Readable);
            polled[2] = Want(isFree ? _out : null, Polled.Readable);
            polled[3] = Want(isFree ? _error : null, Polled.Readable);
            polled[4] = Want(_in is null || NextInput().IsEmpty ? null : _in, Polled.Writable);
            SessionNative.Poll(polled, _hasEnded && isFree ? 0 : -1);
            if (_hasEnded && isFree && polled[2].Seen == 0 && polled[3].Seen == 0)
                return End();
            if (polled[0].Seen != 0)
                ClearWake();
            _hasEnded |= polled[1].Seen != 0;
            if (polled[2].Seen != 0 && !Take(ref _out, false, buffer))
                return End();
            if (polled[3].Seen != 0 && HasRoom() && !Take(ref _error, true, buffer))
                return End();
            if (polled[4].Seen != 0)
                Give(_in!);
        }
        return GiveUp();
    }

    private protected override void Release()
    {
        _in?.Dispose();
        _out?.Dispose();
        _error?.Dispose();
        _start.Ended.Dispose();
        _files.Dispose();
        _released();
    }

    /// <summary>False when it was the runtime that spoke, because it could not start the command.</summary>
    private bool Take(ref SafeFileHandle? from, bool isError, Span<byte> buffer)
    {
        if (!_hasSpoken)
        {
            _hasSpoken = true;
            var ended = ContainerNative.WaitReadable((int)_start.Ended.DangerousGetHandle(), FirstWordsMs);
            if (ended && RuntimeErrorText.LastOf(_files.Log).Length > 0)
                return false;
        }
        var count = SessionNative.Read(from!, buffer);
        if (count > 0)
        {
            Offer(isError, buffer[..count]);
        }
        else if (count == 0)
        {
            from!.Dispose();
            from = null;
        }
        return true;
    }

    /// <summary>The terminal stays open: its other direction is in use.</summary>
    private protected override void CloseIn()
    {
        RefuseInput();
        if (!_start.IsTerminal)
            _in!.Dispose();
        _in = null;
    }

    private SessionEnd End()
    {
        var code = ToolProcess.Reap(_start.Runtime);
        var failure = code == 0 ? "" : RuntimeErrorText.LastOf(_files.Log);
        return failure.Length == 0
            ? new SessionEnd(code, null)
            : new SessionEnd(RuntimeErrorText.ExitCodeOf(failure), RuntimeErrorText.Readable(failure, _start.Program));
    }

    private SessionEnd GiveUp()
    {
        RefuseInput();
        var child = _files.Child();
        var group = child > 0 ? ExecContainer.GroupOf(child) : 0;
        _out?.Dispose();
        _error?.Dispose();
        if (!_start.IsTerminal)
            _in?.Dispose();
        Signal(child, group, SignalHangUp);
        var ended = (int)_start.Ended.DangerousGetHandle();
        WaitWhile(HangUpGraceMs, () => !ContainerNative.WaitReadable(ended, PauseMs) || HasMembers(group));
        Signal(child, group, ContainerNative.SigKill);
        _ = ContainerNative.kill(-_start.Runtime, ContainerNative.SigKill);
        _ = ToolProcess.Reap(_start.Runtime);
        WaitWhile(KilledWaitMs, () => HasMembers(group));
        return new SessionEnd(128 + SignalHangUp, "the session was given up");
    }

    private static void Signal(int child, int group, int signal)
    {
        if (group > 1 && group != ExecContainer.GroupOf(Environment.ProcessId))
            _ = ContainerNative.kill(-group, signal);
        else if (child > 1)
            _ = ContainerNative.kill(child, signal);
    }

    private static bool HasMembers(int group) => group > 1 && ContainerNative.kill(-group, 0) == 0;

    private static void WaitWhile(int limitMs, Func<bool> lasts)
    {
        var deadline = Environment.TickCount64 + limitMs;
        while (Environment.TickCount64 < deadline && lasts())
        {
            Thread.Sleep(PauseMs);
        }
    }

    private static Polled Want(SafeFileHandle? file, short what) =>
        new() { Fd = file is null ? -1 : (int)file.DangerousGetHandle(), Wanted = what };

    private static void SafeCall(Action call)
    {
        try
        {
            call();
        }
        catch (ObjectDisposedException)
        {
            // It ended at this moment.
        }
    }
}
