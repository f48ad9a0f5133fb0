using System.Globalization;

namespace Swarm.Runtime.Containers;

/// <summary>What a container uses at one moment.</summary>
public sealed record ContainerUsage
{
    public required DateTimeOffset At { get; init; }

    /// <summary>Time of processors since its start, nanoseconds.</summary>
    public ulong CpuNanoseconds { get; init; }

    /// <summary>Without what the kernel could give back at once (inactive pages of files).</summary>
    public ulong MemoryBytes { get; init; }

    /// <summary>0 = no limit of its own.</summary>
    public ulong MemoryLimitBytes { get; init; }

    /// <summary>Processes and threads.</summary>
    public ulong Pids { get; init; }

    public ulong ReadBytes { get; init; }

    public ulong WrittenBytes { get; init; }

    public ulong ReceivedBytes { get; init; }

    public ulong SentBytes { get; init; }
}

/// <summary>Reads the kernel's counters of a cgroup, of version 1 (hybrid or not) and 2.</summary>
internal static class CgroupUsage
{
    private const ulong NsPerMicro = 1000;

    /// <summary>Larger "limits" of version 1 are none.</summary>
    private const ulong NoLimit = 1UL << 60;

    /// <summary>What cannot be read is 0: a host need not have every controller.</summary>
    internal static ContainerUsage Read(CgroupTree tree, string cgroupPath, int pid, DateTimeOffset at)
    {
        var usage = tree.Mode == CgroupMode.V2
            ? Version2(name => tree.FileOf("", cgroupPath, name), at)
            : Version1(
                (controller, name) => tree.FileOf(controller, cgroupPath, name), at);
        var (received, sent) = Network(pid);
        return usage with { ReceivedBytes = received, SentBytes = sent };
    }

    private static ContainerUsage Version2(Func<string, string> file, DateTimeOffset at)
    {
        var limit = Number(file("memory.max"));
        return new ContainerUsage
        {
            At = at,
            CpuNanoseconds = Field(file("cpu.stat"), "usage_usec") * NsPerMicro,
            MemoryBytes = Less(Number(file("memory.current")), Field(file("memory.stat"), "inactive_file")),
            MemoryLimitBytes = limit,
            Pids = Number(file("pids.current")),
            ReadBytes = Io(file("io.stat"), "rbytes="),
            WrittenBytes = Io(file("io.stat"), "wbytes="),
        };
    }

    private static ContainerUsage Version1(Func<string, string, string> file, DateTimeOffset at)
    {
        var limit = Number(file("memory", "memory.limit_in_bytes"));
        const string io = "blkio.throttle.io_service_bytes";
        return new ContainerUsage
        {
            At = at,
            CpuNanoseconds = Number(file("cpuacct", "cpuacct.usage")),
            MemoryBytes = Less(
                Number(file("memory", "memory.usage_in_bytes")),
                Field(file("memory", "memory.stat"), "total_inactive_file")),
            MemoryLimitBytes = limit >= NoLimit ? 0 : limit,
            Pids = Number(file("pids", "pids.current")),
            ReadBytes = Service(file("blkio", io), " Read "),
            WrittenBytes = Service(file("blkio", io), " Write "),
        };
    }

    /// <summary>All interfaces of its network but the one to itself.</summary>
    private static (ulong Received, ulong Sent) Network(int pid)
    {
        var (received, sent) = (0UL, 0UL);
        foreach (var line in Lines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/net/dev"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line[..colon].Trim() == "lo")
                continue;
            var numbers = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (numbers.Length > 8)
            {
                received += Parse(numbers[0]);
                sent += Parse(numbers[8]);
            }
        }
        return (received, sent);
    }

    private static ulong Io(string path, string key) => Sum(Lines(path)
        .SelectMany(static l => l.Split(' ')).Where(w => w.StartsWith(key, StringComparison.Ordinal))
        .Select(w => Parse(w[key.Length..])));

    private static ulong Service(string path, string kind) => Sum(Lines(path)
        .Where(l => l.Contains(kind, StringComparison.Ordinal))
        .Select(l => Parse(l[(l.LastIndexOf(' ') + 1)..])));

    private static ulong Field(string path, string name) => Lines(path)
        .Where(l => l.StartsWith(name + " ", StringComparison.Ordinal))
        .Select(l => Parse(l[(name.Length + 1)..])).FirstOrDefault();

    /// <summary>"max" is 0.</summary>
    private static ulong Number(string path) => Parse(Lines(path).FirstOrDefault() ?? "");

    private static ulong Parse(string text) =>
        ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static ulong Less(ulong a, ulong b) => a > b ? a - b : 0;

    private static ulong Sum(IEnumerable<ulong> numbers) => numbers.Aggregate(0UL, static (a, b) => a + b);

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
