using System.Globalization;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>
/// The program of a container itself, through its monitor: packets of output with their kind in front, packets of
/// input. The monitor waits for whoever does not read, and the container with it: so everything is read at
/// once, and a session whose reader is too far behind ends.
/// </summary>
internal sealed class AttachSession : ContainerSession
{
    /// <summary>Pieces that may wait for a reader: 8 MiB at most.</summary>
    private const int MostWaitingPieces = 1024;

    /// <summary>The monitor reads no more at once.</summary>
    private const int MaxInputBytes = 8 << 10;

    private const int MaxPacketBytes = 64 << 10;
    private const byte ErrorPacket = 3;
    private const int OpenWithoutWaiting = 0x800;
    private readonly ContainerEntry _entry;
    private readonly Socket _socket;
    private readonly bool _isTerminal;
    private readonly Action _released;
    private bool _isInputOpen = true;

    private AttachSession(ContainerEntry entry, Socket socket, bool isTerminal, Action released)
        : base(MostWaitingPieces)
    {
        (_entry, _socket, _isTerminal, _released) = (entry, socket, isTerminal, released);
        Begin();
    }

    /// <exception cref="ContainerException">It does not run.</exception>
    internal static AttachSession Open(RuntimeHost host, ContainerEntry entry)
    {
        if (entry.State.Phase is not (ContainerPhase.Running or ContainerPhase.Created))
            throw ContainerRoot.NotRunning(entry.Id);
        var isTerminal = ExecFiles.ProcessOf(entry.Directory)["terminal"]?.GetValue<bool>() ?? false;
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(
                Path.Combine(host.Paths.AttachSockets, entry.Id, "attach")));
            socket.Blocking = false;
            return new AttachSession(entry, socket, isTerminal, host.LeaveSession);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ContainerException($"container {entry.Id}: its monitor does not answer: {e.Message}", e);
        }
    }

    public override bool IsTerminal => _isTerminal;

    /// <summary>The monitor is told through a pipe of its own.</summary>
    public override void Resize(TerminalSize size)
    {
        if (!_isTerminal || Ended.IsCompleted)
            return;
        var line = string.Create(CultureInfo.InvariantCulture, $"1 {size.Rows} {size.Columns}\n");
        using var control = ContainerNative.TryOpenForWriting(
            Path.Combine(_entry.Directory.Bundle, "ctl"), OpenWithoutWaiting);
        if (control is not null)
            _ = SessionNative.Write(control, System.Text.Encoding.ASCII.GetBytes(line));
    }

    public override void Signal(int signal) => _ = _entry.Signal(signal);

    private protected override SessionEnd Pump()
    {
        Span<byte> buffer = new byte[MaxPacketBytes];
        Span<Polled> polled = stackalloc Polled[2];
        var socket = new SafeFileHandle(_socket.Handle, ownsHandle: false);
        while (!StopAsked)
        {
            if (!HasRoom())
                return new SessionEnd(ContainerExit.UnknownExitCode, "detached: the output was not read fast enough");
            if (_isInputOpen && NextInput().IsEmpty && IsInputOver)
                CloseIn();
            var wants = _isInputOpen && !NextInput().IsEmpty ? Polled.Writable : 0;
            polled[0] = new Polled { Fd = WakeDescriptor, Wanted = Polled.Readable };
            polled[1] = new Polled { Fd = (int)_socket.Handle, Wanted = (short)(Polled.Readable | wants) };
            SessionNative.Poll(polled, -1);
            if (polled[0].Seen != 0)
                ClearWake();
            if ((polled[1].Seen & ~Polled.Writable) != 0)
            {
                var count = SessionNative.Read(socket, buffer);
                if (count == 0)
                    return End();
                if (count > 1)
                    Offer(buffer[0] == ErrorPacket, buffer[1..count]);
            }
            if ((polled[1].Seen & Polled.Writable) != 0)
                Give(socket, MaxInputBytes);
        }
        return new SessionEnd(0, null);
    }

    private protected override void Release()
    {
        _socket.Dispose();
        _released();
    }

    /// <summary>A terminal has no end of input; what reads a pipe sees it.</summary>
    private protected override void CloseIn()
    {
        RefuseInput();
        _isInputOpen = false;
        if (!_isTerminal)
            _socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>The monitor went, so the container has ended; its exit is known a moment later.</summary>
    private SessionEnd End() => _entry.Ended.Wait(RuntimeHost.ToolTimeoutMs) && _entry.Ended.Result is var exit
        ? new SessionEnd(exit.ExitCode, null)
        : new SessionEnd(ContainerExit.UnknownExitCode, "the container's monitor ended");
}
