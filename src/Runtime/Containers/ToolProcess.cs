using System.Text;

namespace Swarm.Runtime.Containers;

/// <summary>Result of a helper program.</summary>
internal readonly record struct ToolResult(int ExitCode, string Output, bool TimedOut);

/// <summary>
/// Runs helper programs (OCI runtime, monitor) with bounded output and time. Blocks: callers are on threads that the
/// spawn gate bounds.
/// </summary>
internal static class ToolProcess
{
    internal const int MaxOutputBytes = 64 * 1024;
    internal static readonly string[] Environment =
        ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
    private static readonly string[] Directories =
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    internal static string? Find(string name) => name.StartsWith('/')
        ? File.Exists(name) ? name : null
        : Directories.Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    internal static ToolResult Run(string path, IReadOnlyList<string> args, int timeoutMs)
    {
        var (readEnd, writeEnd) = ContainerNative.Pipe();
        int pid;
        try
        {
            pid = SpawnNative.Spawn(path, args, Environment, writeEnd, -1);
        }
        catch
        {
            _ = ContainerNative.close(readEnd);
            throw;
        }
        finally
        {
            _ = ContainerNative.close(writeEnd);
        }
        var output = ReadToEnd(readEnd, timeoutMs, out var timedOut);
        _ = ContainerNative.close(readEnd);
        if (timedOut)
            _ = ContainerNative.kill(pid, ContainerNative.SigKill);
        return new ToolResult(Reap(pid), output, timedOut);
    }

    /// <summary>Exit code of a child, 128 + n after signal n, -1 when somebody else reaped it.</summary>
    internal static int Reap(int pid)
    {
        while (true)
        {
            var result = ContainerNative.waitpid(pid, out var status, 0);
            if (result == pid)
                return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
            if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != ContainerNative.EINTR)
                return -1;
        }
    }

    private static string ReadToEnd(int fd, int timeoutMs, out bool timedOut)
    {
        var deadline = System.Environment.TickCount64 + timeoutMs;
        var kept = new MemoryStream();
        Span<byte> buffer = stackalloc byte[4096];
        while (true)
        {
            var left = (int)(deadline - System.Environment.TickCount64);
            timedOut = left <= 0 || !ContainerNative.WaitReadable(fd, left);
            if (timedOut)
                break;
            var count = ContainerNative.Read(fd, buffer);
            if (count == 0)
                break;
            if (kept.Length < MaxOutputBytes)
                kept.Write(buffer[..count]);
        }
        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }
}
