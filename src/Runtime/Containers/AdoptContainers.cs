namespace Swarm.Runtime.Containers;

/// <summary>After a restart of the daemon: what runs is watched again, what ended meanwhile has its exit.</summary>
internal static class AdoptContainers
{
    internal const string HostRestarted = "the host was restarted while the container ran";
    internal const string MonitorDied = "the container's monitor ended without an exit code; the container was killed";

    internal static List<ContainerEntry> Run(RuntimeHost host)
    {
        var adopted = new List<ContainerEntry>();
        foreach (var path in Directory.EnumerateDirectories(host.Paths.Containers).Order(StringComparer.Ordinal))
        {
            var directory = new ContainerDirectory(path);
            var id = Path.GetFileName(path);
            if (ContainerRecord.TryLoad(directory, host.Options.Log) is { } record && record.Id == id)
                adopted.Add(Adopt(host, directory, record));
            else
            {
                host.Options.Log($"container {id} was half made when the daemon ended; it is removed");
                DeleteContainer.RemoveHalfMade(host, directory, id, $"{host.Options.CgroupParent}/{id}");
            }
        }
        Sweep(host, [.. adopted.Select(static e => e.Record!.CgroupPath)]);
        return adopted;
    }

    /// <summary>Watches the monitor; when it is gone already the end is collected at once.</summary>
    internal static void Supervise(RuntimeHost host, ContainerEntry entry, ContainerRecord record)
    {
        var monitor = record.Monitor.TryOpen();
        if (monitor is null)
        {
            Collect(host, entry);
            return;
        }
        var logs = entry.Directory.Logs;
        host.Watcher.Watch(
            monitor, logs, () => Collect(host, entry), () => LogFiles.TurnOver(logs, record.Log.MaxFiles));
        LogFiles.TurnOver(logs, record.Log.MaxFiles);
    }

    private static ContainerEntry Adopt(RuntimeHost host, ContainerDirectory directory, ContainerRecord record)
    {
        var entry = new ContainerEntry(record.Id, directory);
        if (record.Exit is not null)
        {
            entry.Attach(record, null);
            return entry;
        }
        if (record.BootId != host.BootId)
        {
            entry.Attach(record, null);
            entry.Finish(ExitCollector.Collect(host, directory, record, HostRestarted), host.Options.Log);
            return entry;
        }
        if (record.StartedAt is not null && File.Exists(host.Oci.StartFifo(record.Id)))
            record = record with { StartedAt = null };
        entry.Attach(record, record.Init.TryOpen());
        Supervise(host, entry, record);
        return entry;
    }

    private static void Collect(RuntimeHost host, ContainerEntry entry)
    {
        if (entry.Record is not { Exit: null } record)
            return;
        var exit = ExitCollector.Collect(host, entry.Directory, record, MonitorDied);
        // Without its monitor nobody drains the output nor sees the end: the container must not linger.
        _ = entry.Signal(ContainerNative.SigKill);
        entry.Finish(exit, host.Options.Log);
    }

    /// <summary>The subtree is ours alone: a cgroup that no record knows is a leftover.</summary>
    private static void Sweep(RuntimeHost host, HashSet<string> known)
    {
        foreach (var name in host.Cgroups.Children(host.Options.CgroupParent))
        {
            var path = $"{host.Options.CgroupParent}/{name}";
            if (!known.Any(k => k == path || k.StartsWith(path + "/", StringComparison.Ordinal))
                && !host.Cgroups.Remove(path))
            {
                host.Options.Log($"cgroup {path} belongs to no container and could not be removed");
            }
        }
    }
}
