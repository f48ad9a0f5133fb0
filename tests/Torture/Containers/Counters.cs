using System.Diagnostics;

namespace Swarm.Torture.Containers;

/// <summary>How much of everything a host of the lab has: what containers must not leave behind.</summary>
internal sealed class Counters
{
    internal const string Descriptors = "descriptors of the daemon";
    private const int PollMs = 250;
    private const int TitleLines = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // What grows with what the swarm was told, not with containers.
    private static readonly string[] s_others = ["raft", "images"];
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>The files there were, to name those that came.</summary>
    internal HashSet<string> Files { get; } = new(StringComparer.Ordinal);

    internal static async Task<Counters> ReadAsync(Lab lab, string host)
    {
        var counters = new Counters();
        var (init, daemon) = (lab.InitPid(host), lab.DaemonPid(host));
        var processes = lab.ProcessesOf(host);
        counters._counts["mounts"] = File.ReadLines($"/proc/{init}/mountinfo").LongCount();
        counters._counts["network devices"] = File.ReadLines($"/proc/{init}/net/dev").LongCount() - TitleLines;
        counters._counts["network namespaces"] = processes.Select(p => lab.NamespaceOf(p, "net"))
            .Where(n => n.Length > 0).Distinct().LongCount();
        counters._counts["processes"] = processes.Count;
        counters._counts["cgroups"] = CgroupsOf(host);
        counters._counts[Descriptors] = DescriptorsOf(daemon);
        counters._counts["watched directories"] = Watches(daemon);
        counters._counts["lines of the packet filter"] = await RulesAsync(init).ConfigureAwait(false);
        counters.CountFiles("files of /run", $"/proc/{init}/root/run");
        counters.CountFiles("files in tmp", lab.PathOf(host, "tmp"));
        foreach (var directory in Directory.EnumerateDirectories(lab.PathOf(host, "data")))
        {
            if (!s_others.Contains(Path.GetFileName(directory)))
                counters.CountFiles($"files of data/{Path.GetFileName(directory)}", directory);
        }

        counters.CountFiles("files of data/images/refs", lab.PathOf(host, "data/images/refs"));
        return counters;
    }

    /// <summary>Waits for everything to be as it was; what is still more then.</summary>
    internal async Task<IReadOnlyList<(string Name, long Was, long Now)>> UntilBackAsync(Lab lab, string host)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var now = await ReadAsync(lab, host).ConfigureAwait(false);
            var more = now._counts.Where(c => c.Value > _counts.GetValueOrDefault(c.Key))
                .Select(c => (c.Key, _counts.GetValueOrDefault(c.Key), c.Value)).ToList();
            if (more.Count == 0)
                return more;
            if (clock.Elapsed > Patience)
            {
                foreach (var file in now.Files.Except(Files).Order(StringComparer.Ordinal).Take(20))
                    Summary.Progress($"new: {file}");
                return more;
            }

            await Task.Delay(PollMs).ConfigureAwait(false);
        }
    }

    private void CountFiles(string name, string root)
    {
        var all = new EnumerationOptions
        {
            RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true,
        };
        var found = Directory.Exists(root) ? Directory.GetFileSystemEntries(root, "*", all) : [];
        _counts[name] = found.Length;
        Files.UnionWith(found);
    }

    private static long CgroupsOf(string host) => Directory.EnumerateDirectories("/sys/fs/cgroup")
        .Prepend("/sys/fs/cgroup").Select(h => Path.Combine(h, Lab.CgroupOf(host)))
        .Where(Directory.Exists)
        .Sum(d => 1 + Directory.EnumerateDirectories(d, "*", SearchOption.AllDirectories).LongCount());

    /// <summary>But for the program's own files, which it opens when it first needs them and then keeps.</summary>
    private static long DescriptorsOf(int daemon) =>
        Directory.EnumerateFileSystemEntries($"/proc/{daemon}/fd").LongCount(
            fd => new FileInfo(fd).LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) != true);

    /// <summary>A descriptor of inotify tells one line for each directory.</summary>
    private static long Watches(int daemon)
    {
        var watches = 0L;
        foreach (var file in Directory.EnumerateFiles($"/proc/{daemon}/fdinfo"))
        {
            try
            {
                watches += File.ReadLines(file).LongCount(l => l.StartsWith("inotify wd", StringComparison.Ordinal));
            }
            catch (IOException)
            {
                // It was closed meanwhile.
                continue;
            }
        }

        return watches;
    }

    private static async Task<long> RulesAsync(int init)
    {
        using var nft = Process.Start(
            new ProcessStartInfo("nsenter", ["-t", $"{init}", "-n", "--", "nft", "-s", "list", "ruleset"])
            {
                RedirectStandardOutput = true,
            })!;
        var text = await nft.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await nft.WaitForExitAsync().ConfigureAwait(false);
        return text.LongCount(c => c == '\n');
    }
}
