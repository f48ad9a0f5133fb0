using System.Globalization;

namespace Swarm.Bench;

/// <summary>What processes used of the cores so far, as the kernel counts it (proc_pid_stat(5)).</summary>
internal readonly record struct ProcessUse(long CpuMicros, long Switches)
{
    /// <summary>USER_HZ is 100 on every architecture that .NET runs on.</summary>
    private const int MicrosPerTick = 10_000;

    /// <summary>Fields of /proc/PID/stat behind the name's bracket, from "state" on.</summary>
    private const int UserTicksField = 11;

    private const int SystemTicksField = 12;

    public static ProcessUse Of(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = Number(fields[UserTicksField]) + Number(fields[SystemTicksField]);
        return new ProcessUse(ticks * MicrosPerTick, Directory.GetDirectories($"/proc/{pid}/task").Sum(SwitchesOf));
    }

    public static ProcessUse operator -(ProcessUse a, ProcessUse b) =>
        new(a.CpuMicros - b.CpuMicros, a.Switches - b.Switches);

    private static long SwitchesOf(string task)
    {
        try
        {
            return File.ReadLines(Path.Combine(task, "status"))
                .Where(l => l.Contains("ctxt_switches:", StringComparison.Ordinal))
                .Sum(l => Number(l[(l.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()));
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return 0;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
