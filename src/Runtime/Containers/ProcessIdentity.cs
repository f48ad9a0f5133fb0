using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>A process that cannot be mistaken for a later one with the same number.</summary>
/// <param name="StartTicks">Start time since boot in clock ticks (field 22 of /proc/PID/stat).</param>
internal readonly record struct ProcessIdentity(int Pid, ulong StartTicks)
{
    private const int StartTimeFieldAfterName = 19;

    internal static string ReadBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Identity of a living process, or null.</summary>
    internal static ProcessIdentity? TryOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in parentheses may hold spaces and parentheses itself: count from the last one.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X"
                ? null
                : new(pid, ulong.Parse(fields[StartTimeFieldAfterName], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A handle on exactly this process while it lives, or null.</summary>
    internal SafeFileHandle? TryOpen()
    {
        if (Pid <= 0)
            return null;
        var handle = ContainerNative.TryOpenPidFd(Pid);
        if (handle is not null && TryOf(Pid) == this)
            return handle;
        handle?.Dispose();
        return null;
    }
}
