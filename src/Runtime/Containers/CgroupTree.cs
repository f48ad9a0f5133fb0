using System.Globalization;

namespace Swarm.Runtime.Containers;

/// <summary>The mounted cgroup hierarchies; paths in it are absolute cgroup paths like /swarm-n1/task.</summary>
internal sealed class CgroupTree
{
    internal const string DefaultRoot = "/sys/fs/cgroup";
    private const int MaxRemoveAttempts = 50;
    private const int RemoveRetryMs = 5;
    private readonly string _root;
    private readonly string[] _hierarchies;

    internal CgroupTree(string root = DefaultRoot)
    {
        _root = root;
        if (File.Exists(Path.Combine(root, "cgroup.controllers")))
        {
            Mode = CgroupMode.V2;
            _hierarchies = [root];
            return;
        }
        var unified = Path.Combine(root, "unified");
        Mode = File.Exists(Path.Combine(unified, "cgroup.controllers")) ? CgroupMode.Hybrid : CgroupMode.V1;
        _hierarchies = Directory.Exists(root)
            ? [.. Directory.EnumerateDirectories(root).Where(IsHierarchy).Order(StringComparer.Ordinal)]
            : [];
    }

    internal CgroupMode Mode { get; }

    /// <summary>Hybrid with controllers on the unified side, which crun 1.8 refuses.</summary>
    internal bool UnifiedHasControllers => Mode == CgroupMode.Hybrid
        && File.ReadAllText(UnifiedControllers).Trim().Length > 0;

    internal string UnifiedControllers => Path.Combine(_root, "unified", "cgroup.controllers");

    /// <summary>Processes that the kernel killed for lack of memory in a cgroup that still exists.</summary>
    internal long OomKills(string cgroupPath)
    {
        var file = Mode == CgroupMode.V2
            ? Path.Combine(At(_root, cgroupPath), "memory.events")
            : Path.Combine(At(Path.Combine(_root, "memory"), cgroupPath), "memory.oom_control");
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("oom_kill ", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan("oom_kill ".Length), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            return 0;
        }
    }

    /// <summary>A file of a controller's; version 2 has all controllers in one place.</summary>
    internal string FileOf(string controller, string cgroupPath, string name)
    {
        if (Mode == CgroupMode.V2)
            return Path.Combine(At(_root, cgroupPath), name);
        // Controllers share a hierarchy on many hosts: cpu,cpuacct has a link for each of its names.
        return Path.Combine(At(Path.Combine(_root, controller), cgroupPath), name);
    }

    /// <summary>Names of the cgroups directly below a path, over all hierarchies.</summary>
    internal IReadOnlyList<string> Children(string cgroupPath) => [.. _hierarchies
        .Select(h => At(h, cgroupPath)).Where(Directory.Exists)
        .SelectMany(Directory.EnumerateDirectories).Select(d => Path.GetFileName(d)!)
        .Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Process ids in a cgroup and below it.</summary>
    internal IReadOnlyList<int> Processes(string cgroupPath)
    {
        var found = new SortedSet<int>();
        foreach (var hierarchy in _hierarchies)
            foreach (var directory in SelfAndBelow(At(hierarchy, cgroupPath)))
                ReadProcesses(directory, found);
        return [.. found];
    }

    /// <summary>
    /// Kills what is left in a cgroup and removes it from every hierarchy. False when something stays.
    /// </summary>
    internal bool Remove(string cgroupPath)
    {
        for (var attempt = 0; attempt < MaxRemoveAttempts; attempt++)
        {
            if (attempt > 0)
            {
                foreach (var pid in Processes(cgroupPath).Where(p => p > 0))
                    _ = ContainerNative.kill(pid, ContainerNative.SigKill);
                Thread.Sleep(RemoveRetryMs);
            }
            if (_hierarchies.Select(h => At(h, cgroupPath)).Select(TryRemoveTree).ToArray().All(static done => done))
                return true;
        }
        return false;
    }

    private static bool TryRemoveTree(string directory)
    {
        try
        {
            // rmdir refuses a cgroup with children: the deepest goes first.
            foreach (var path in Enumerable.Reverse(SelfAndBelow(directory)))
                Directory.Delete(path);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static List<string> SelfAndBelow(string directory)
    {
        var found = new List<string>();
        if (!Directory.Exists(directory))
            return found;
        found.Add(directory);
        for (var i = 0; i < found.Count; i++)
            found.AddRange(Directory.EnumerateDirectories(found[i]));
        return found;
    }

    private static void ReadProcesses(string directory, SortedSet<int> found)
    {
        try
        {
            foreach (var line in File.ReadLines(Path.Combine(directory, "cgroup.procs")))
                if (int.TryParse(line, CultureInfo.InvariantCulture, out var pid))
                    found.Add(pid);
        }
        catch (IOException)
        {
            // Removed meanwhile: then nobody is in it.
        }
    }

    private static bool IsHierarchy(string directory) =>
        (File.GetAttributes(directory) & FileAttributes.ReparsePoint) == 0
        && File.Exists(Path.Combine(directory, "cgroup.procs"));

    private static string At(string hierarchy, string cgroupPath) => Path.Combine(hierarchy, cgroupPath.TrimStart('/'));
}
