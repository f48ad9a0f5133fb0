using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>
/// An exec that was started: the runtime's process and our ends of the command's input and output. Without a terminal
/// these are pipes. crun sends the terminal that it made in the container over a socket; runc does that only for what
/// it leaves alone, so it gets a terminal of the host and copies between the two.
/// </summary>
internal sealed record ExecStart(string Program, int Runtime, SafeFileHandle Ended)
{
    private const string SocketOption = "--console-socket=";

    internal SafeFileHandle? Input { get; private init; }

    internal SafeFileHandle? Output { get; private init; }

    /// <summary>Null with a terminal.</summary>
    internal SafeFileHandle? Error { get; private init; }

    internal bool IsTerminal { get; private init; }

    internal static ExecStart Run(RuntimeHost host, ContainerEntry entry, ContainerCommand command, ExecFiles files) =>
        !command.Tty ? WithPipes(host, entry, command, files)
        : host.Oci.IsCrun ? WithTerminalInside(host, entry, command, files)
        : WithTerminalOutside(host, entry, command, files);

    /// <summary>Starts it and leaves it alone.</summary>
    /// <exception cref="ContainerException">It could not be started.</exception>
    internal static void RunDetached(
        RuntimeHost host, ContainerEntry entry, ContainerCommand command, ExecFiles files)
    {
        var arguments = host.Oci.SessionArguments(entry.Id, files, "--detach");
        var started = Spawn(host, arguments, command, new SpawnFiles { Leads = true });
        using (started.Ended)
        {
            if (!ContainerNative.WaitReadable((int)started.Ended.DangerousGetHandle(), RuntimeHost.ToolTimeoutMs))
                _ = ContainerNative.kill(-started.Runtime, ContainerNative.SigKill);
            if (ToolProcess.Reap(started.Runtime) != 0)
            {
                var raw = RuntimeErrorText.LastOf(files.Log);
                throw new CommandFailedException(
                    RuntimeErrorText.ExitCodeOf(raw), RuntimeErrorText.Readable(raw, command.Args[0]));
            }
        }
    }

    private static ExecStart WithPipes(
        RuntimeHost host, ContainerEntry entry, ContainerCommand command, ExecFiles files)
    {
        var input = command.OpenInput ? new PipeEnds() : null;
        var (output, error) = (new PipeEnds(), new PipeEnds());
        try
        {
            var start = Spawn(host, host.Oci.SessionArguments(entry.Id, files), command, new SpawnFiles
            {
                Input = input?.Read is { } read ? (int)read.DangerousGetHandle() : -1,
                Output = (int)output.Write.DangerousGetHandle(),
                Error = (int)error.Write.DangerousGetHandle(),
                Leads = true,
            });
            return start with { Input = Ours(input?.Write), Output = Ours(output.Read), Error = Ours(error.Read) };
        }
        catch
        {
            input?.Write.Dispose();
            output.Read.Dispose();
            error.Read.Dispose();
            throw;
        }
        finally
        {
            input?.Read.Dispose();
            output.Write.Dispose();
            error.Write.Dispose();
        }
    }

    private static ExecStart WithTerminalInside(
        RuntimeHost host, ContainerEntry entry, ContainerCommand command, ExecFiles files)
    {
        var path = files.ConsoleSocket(host);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
            var arguments = host.Oci.SessionArguments(entry.Id, files, SocketOption + path);
            var start = Spawn(host, arguments, command, new SpawnFiles { Leads = true });
            // Without a terminal there is nothing to read, and the end tells why.
            var terminal = Terminal(listener, (int)start.Ended.DangerousGetHandle());
            return terminal is null ? start : start.With(terminal, command);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static ExecStart WithTerminalOutside(
        RuntimeHost host, ContainerEntry entry, ContainerCommand command, ExecFiles files)
    {
        var terminal = SessionNative.NewTerminal(out var path);
        try
        {
            SessionNative.Resize(terminal, command.Size);
            var start = Spawn(
                host, host.Oci.SessionArguments(entry.Id, files), command,
                new SpawnFiles { Terminal = path, Leads = true });
            return start.With(terminal, command);
        }
        catch
        {
            terminal.Dispose();
            throw;
        }
    }

    private static ExecStart Spawn(RuntimeHost host, string[] arguments, ContainerCommand command, SpawnFiles files)
    {
        var pid = SpawnNative.Spawn(host.Oci.Path, arguments, ToolProcess.Environment, files);
        // Nobody else waits for it, so its number stays until it is reaped.
        var ended = ContainerNative.TryOpenPidFd(pid)
            ?? throw new IOException($"pidfd_open of process {pid} failed");
        return new ExecStart(command.Args[0], pid, ended);
    }

    /// <summary>Null when the runtime ended without sending one.</summary>
    private static SafeFileHandle? Terminal(Socket listener, int ended)
    {
        if (!Await((int)listener.Handle, ended))
            return null;
        using var connection = listener.Accept();
        return Await((int)connection.Handle, ended) ? SessionNative.ReceiveDescriptor(connection.SafeHandle) : null;
    }

    private static bool Await(int fd, int ended)
    {
        var deadline = Environment.TickCount64 + RuntimeHost.ToolTimeoutMs;
        while (Environment.TickCount64 < deadline)
        {
            var (ready, isOver) = ContainerNative.WaitEither(fd, ended, RuntimeHost.ToolTimeoutMs);
            if (ready || isOver)
                return ready;
        }
        return false;
    }

    private ExecStart With(SafeFileHandle terminal, ContainerCommand command)
    {
        SessionNative.Resize(terminal, command.Size);
        Ours(terminal);
        return this with { Input = command.OpenInput ? terminal : null, Output = terminal, IsTerminal = true };
    }

    private static SafeFileHandle? Ours(SafeFileHandle? file)
    {
        if (file is not null)
            SessionNative.SetNonBlocking(file);
        return file;
    }

    private sealed class PipeEnds
    {
        internal PipeEnds()
        {
            var (read, write) = ContainerNative.Pipe();
            Read = new SafeFileHandle(read, ownsHandle: true);
            Write = new SafeFileHandle(write, ownsHandle: true);
        }

        internal SafeFileHandle Read { get; }

        internal SafeFileHandle Write { get; }
    }
}
