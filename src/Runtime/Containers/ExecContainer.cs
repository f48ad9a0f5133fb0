using System.Globalization;
using System.Text;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Runs a command in a running container through the OCI runtime, which brings it into all namespaces and the cgroup of
/// the container, with its user, capabilities, filter and environment. Blocks: each call has a thread of its own.
/// </summary>
internal static class ExecContainer
{
    /// <summary>How soon a call that is called off is noticed.</summary>
    private const int SliceMs = 100;

    private const int ProcessGroupField = 2;

    /// <exception cref="ContainerException">The container does not run.</exception>
    internal static ExecResult Run(RuntimeHost host, ContainerEntry entry, ContainerExec exec, CancellationToken ct)
    {
        if (entry.State.Phase != ContainerPhase.Running)
        {
            throw new ContainerException($"container {entry.Id} does not run");
        }

        using var files = new ExecFiles(entry);
        try
        {
            var process = ExecFiles.ProcessOf(entry.Directory);
            process["args"] = BundleWriter.Strings(exec.Args);
            process["terminal"] = false;
            files.Save(process);
            return Watch(host.Oci.Path, host.Oci.ExecArguments(entry.Id, files), exec, files, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ContainerException($"container {entry.Id}: {exec.Args[0]} could not be run: {e.Message}", e);
        }
    }

    private static ExecResult Watch(
        string program, IReadOnlyList<string> args, ContainerExec exec, ExecFiles files, CancellationToken ct)
    {
        var (readEnd, writeEnd) = ContainerNative.Pipe();
        try
        {
            int runtime;
            try
            {
                runtime = SpawnNative.Spawn(program, args, ToolProcess.Environment, writeEnd, -1, leads: true);
            }
            finally
            {
                _ = ContainerNative.close(writeEnd);
            }

            var output = new MemoryStream();
            var deadline = Environment.TickCount64 + (long)Math.Min(exec.Timeout.TotalMilliseconds, int.MaxValue);
            var isOver = Follow(runtime, readEnd, output, exec.MaxOutputBytes, deadline, ct);
            if (!isOver)
            {
                Kill(runtime, files);
            }

            var code = ToolProcess.Reap(runtime);
            ct.ThrowIfCancellationRequested();
            var text = Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
            return new ExecResult(code, text, !isOver);
        }
        finally
        {
            _ = ContainerNative.close(readEnd);
        }
    }

    /// <summary>
    /// Reads until the runtime has ended; true then. What the command left running may hold the pipe for ever, so its
    /// end is not waited for.
    /// </summary>
    private static bool Follow(
        int runtime, int readEnd, MemoryStream output, int maxBytes, long deadline, CancellationToken ct)
    {
        using var ended = ContainerNative.TryOpenPidFd(runtime);
        var fd = ended is null ? -1 : (int)ended.DangerousGetHandle();
        Span<byte> buffer = stackalloc byte[4096];
        while (!ct.IsCancellationRequested)
        {
            var left = deadline - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            var (readable, isOver) = ContainerNative.WaitEither(readEnd, fd, (int)Math.Min(left, SliceMs));
            var count = readable ? ContainerNative.Read(readEnd, buffer) : 0;
            if (count > 0)
            {
                output.Write(buffer[..(int)Math.Min(count, maxBytes - output.Length)]);
            }
            else if (isOver || fd < 0)
            {
                return true;
            }
            else if (readable)
            {
                // Its output is closed, and it goes on.
                return ContainerNative.WaitReadable(fd, (int)Math.Max(0, deadline - Environment.TickCount64));
            }
        }

        return false;
    }

    /// <summary>
    /// What the command has started is in its group, which crun names after a process that has ended and runc after the
    /// command. The runtime waits for the command, so its number is nobody else's before the runtime is reaped.
    /// </summary>
    private static void Kill(int runtime, ExecFiles files)
    {
        if (files.Child() is > 0 and var child)
        {
            var group = GroupOf(child);
            if (group > 1 && group != GroupOf(Environment.ProcessId))
            {
                _ = ContainerNative.kill(-group, ContainerNative.SigKill);
            }

            _ = ContainerNative.kill(child, ContainerNative.SigKill);
        }

        _ = ContainerNative.kill(-runtime, ContainerNative.SigKill);
    }

    /// <summary>0 when there is no such process. The name in the file may hold anything, brackets included.</summary>
    internal static int GroupOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(fields[ProcessGroupField], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
