using System.Diagnostics;

namespace Swarm.Torture;

/// <summary>The hosts of a lab, seen from outside: their sockets, their daemons, and the lab's own verbs.</summary>
internal sealed class Lab
{
    private const string HostSocket = "/run/swarm/swarm.sock";

    // Of the fields after the name.
    private const int ParentField = 1;
    private const int StartField = 19;
    private readonly string _root;
    private readonly string _directory;

    internal Lab(string directory)
    {
        _root = Root();
        _directory = directory.Length > 0 ? Path.GetFullPath(directory)
            : Environment.GetEnvironmentVariable("LAB_DIR") ?? Path.Combine(_root, ".lab");
        if (Hosts.Count == 0)
            throw new InvalidOperationException($"no lab runs in {_directory}: ./lab up");
    }

    /// <summary>Hosts that are on, by their number.</summary>
    internal IReadOnlyList<string> Hosts =>
    [
        .. Directory.EnumerateFiles(_directory, "init.pid", new EnumerationOptions { RecurseSubdirectories = true })
            .Select(f => Path.GetFileName(Path.GetDirectoryName(f)!))
            .Where(name => name[0] == 'n' && int.TryParse(name.AsSpan(1), out _))
            .OrderBy(name => int.Parse(name.AsSpan(1), null)),
    ];

    /// <summary>Name of the control group below which the containers of a host have theirs.</summary>
    internal static string CgroupOf(string host) =>
        $"{Environment.GetEnvironmentVariable("LAB_CGROUPS") ?? "swarm-lab"}-{host}";

    /// <summary>A directory of a host, such as data.</summary>
    internal string PathOf(string host, string name) => Path.Combine(_directory, host, name);

    /// <summary>First process of a host, as this machine counts.</summary>
    internal int InitPid(string host) => Init(host);

    /// <summary>All processes of a host, as this machine counts.</summary>
    internal IReadOnlyList<int> ProcessesOf(string host)
    {
        var init = Init(host);
        var children = Pids().ToLookup(ParentOf);
        var found = new List<int> { init };
        for (var i = 0; i < found.Count; i++)
            found.AddRange(children[found[i]]);
        return found;
    }

    /// <summary>What tells two processes with the same number of a host apart; empty when there is none.</summary>
    internal string StartTimeOf(string host, int pid) =>
        StatOf($"/proc/{Init(host)}/root/proc/{pid}") is { Length: > StartField } fields ? fields[StartField] : "";

    internal string NamespaceOf(int pid, string kind)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/ns/{kind}", false)?.Name ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is none of ours.
            return "";
        }
    }

    internal string Socket(string host) => $"/proc/{Init(host)}/root{HostSocket}";

    /// <summary>The daemon's pid as this machine counts, or 0.</summary>
    internal int DaemonPid(string host)
    {
        var space = NamespaceOf(Init(host), "pid");
        foreach (var pid in Pids())
        {
            if (NamespaceOf(pid, "pid") != space)
                continue;
            var line = CommandLine(pid);
            if (line is [var program, ..] && program.EndsWith("/swarmd", StringComparison.Ordinal)
                && line.Contains("/" + CgroupOf(host)))
                return pid;
        }

        return 0;
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    internal void Kill(string host)
    {
        var pid = DaemonPid(host);
        if (pid == 0)
            return;
        Native.Signal(pid, Native.SigKill);
        SpinWait.SpinUntil(() => DaemonPid(host) != pid, TimeSpan.FromSeconds(10));
    }

    internal void Start(string host) => Run("start", host);

    /// <summary>A verb of ./lab; it must succeed.</summary>
    internal void Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(_root, "lab"), arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["LAB_DIR"] = _directory },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"./lab {string.Join(' ', arguments)} failed ({process.ExitCode}): {errors}{output.Result}");
        }
    }

    private int Init(string host) => int.Parse(File.ReadAllText(Path.Combine(_directory, host, "init.pid")), null);

    private static IEnumerable<int> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d.AsSpan()), out var pid) ? pid : 0).Where(pid => pid > 0);

    private static int ParentOf(int pid) =>
        StatOf($"/proc/{pid}") is { Length: > ParentField } fields ? int.Parse(fields[ParentField], null) : 0;

    /// <summary>The fields of stat after the name, which may have blanks in it.</summary>
    private static string[] StatOf(string process)
    {
        try
        {
            var text = File.ReadAllText($"{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string[] CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Swarm.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Swarm.sln above {AppContext.BaseDirectory}");
    }
}
