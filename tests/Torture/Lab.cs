using System.Diagnostics;

namespace Swarm.Torture;

/// <summary>The hosts of a lab, seen from outside: their sockets, their daemons, and the lab's own verbs.</summary>
internal sealed class Lab
{
    private const string HostSocket = "/run/swarm/swarm.sock";
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

    internal string Socket(string host) => $"/proc/{Init(host)}/root{HostSocket}";

    /// <summary>The daemon's pid as this machine counts, or 0.</summary>
    internal int DaemonPid(string host)
    {
        var space = PidNamespace(Init(host));
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory.AsSpan()), out var pid) || PidNamespace(pid) != space)
                continue;
            var line = CommandLine(pid);
            if (line is [var program, ..] && program.EndsWith("/swarmd", StringComparison.Ordinal)
                && line.Contains($"/swarm-lab-{host}"))
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

    private static string PidNamespace(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/ns/pid", false)?.Name ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is none of ours.
            return "";
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
