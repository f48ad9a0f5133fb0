using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Node.Containers;

/// <summary>Processes as /proc of the host tells of them.</summary>
internal static class HostProcesses
{
    private const int TicksPerSecond = 100;
    private const ulong NsPerTick = 1_000_000_000UL / TicksPerSecond;
    private const int MaxCommandBytes = 4096;
    private const int TtyMajorOfTerminals = 136;

    /// <summary>Null when it has ended meanwhile.</summary>
    internal static ProcessView? TryRead(int pid, DateTimeOffset boot, DateTimeOffset now)
    {
        try
        {
            var directory = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}");
            var stat = File.ReadAllText(directory + "/stat");
            // The name in parentheses may hold anything, parentheses too.
            var open = stat.IndexOf('(', StringComparison.Ordinal);
            var close = stat.LastIndexOf(')');
            var fields = stat[(close + 2)..].Split(' ');
            var cpu = (Number(fields[11]) + Number(fields[12])) * NsPerTick;
            var started = boot.AddSeconds((double)Number(fields[19]) / TicksPerSecond);
            var life = Math.Max(1, (now - started).TotalMilliseconds);
            var uid = Uid(directory);
            return new ProcessView
            {
                Uid = uid,
                User = UserOf(uid),
                Pid = pid,
                Parent = (int)Number(fields[1]),
                StartedNs = ContainerViews.Ns(started),
                CpuNs = cpu,
                CpuPercent = (uint)Math.Clamp(cpu / 10_000.0 / life, 0, 100_000),
                Tty = Terminal(int.Parse(fields[4], CultureInfo.InvariantCulture)),
                Command = Command(directory, stat[(open + 1)..close]),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    /// <summary>When this host started.</summary>
    internal static DateTimeOffset BootTime()
    {
        var line = File.ReadLines("/proc/stat").First(l => l.StartsWith("btime ", StringComparison.Ordinal));
        return DateTimeOffset.FromUnixTimeSeconds((long)Number(line["btime ".Length..]));
    }

    private static uint Uid(string directory)
    {
        const string key = "Uid:";
        var line = File.ReadLines(directory + "/status").First(l => l.StartsWith(key, StringComparison.Ordinal));
        return (uint)Number(line[key.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    /// <summary>The host's name for it, as ps shows; the number when there is none.</summary>
    private static string UserOf(uint uid)
    {
        var number = uid.ToString(CultureInfo.InvariantCulture);
        var line = File.ReadLines("/etc/passwd")
            .FirstOrDefault(l => l.Split(':') is { Length: > 2 } fields && fields[2] == number);
        return line is null ? number : line[..line.IndexOf(':', StringComparison.Ordinal)];
    }

    private static string Terminal(int device)
    {
        var (major, minor) = (device >> 8 & 0xFFF, (device & 0xFF) | (device >> 12 & 0xFFF00));
        return major == TtyMajorOfTerminals ? string.Create(CultureInfo.InvariantCulture, $"pts/{minor}") : "?";
    }

    private static string Command(string directory, string name)
    {
        var buffer = new byte[MaxCommandBytes];
        using var file = File.OpenRead(directory + "/cmdline");
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        var text = System.Text.Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\0').Replace('\0', ' ');
        return text.Length > 0 ? text : $"[{name}]";
    }

    private static ulong Number(string text) =>
        ulong.Parse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
}
