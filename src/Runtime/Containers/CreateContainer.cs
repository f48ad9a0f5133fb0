using System.Text;

namespace Swarm.Runtime.Containers;

/// <summary>Creates a container up to the point where its program would start.</summary>
internal static class CreateContainer
{
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Where conmon's libsystemd writes to.</summary>
    internal const string JournalSocket = "/run/systemd/journal/socket";

    /// <exception cref="ContainerException">The specification or the runtime says no; nothing is left then.</exception>
    internal static void Run(RuntimeHost host, ContainerEntry entry, ContainerSpec spec)
    {
        if (spec.Log.Target == LogTarget.FilesAndJournal && !Path.Exists(JournalSocket))
        {
            throw new ContainerException(
                $"log driver journald: this host has no journal ({JournalSocket} is not there); use json-file or "
                + "local");
        }

        var cgroup = spec.CgroupPath ?? $"{host.Options.CgroupParent}/{spec.Id}";
        CreatedProcesses processes;
        try
        {
            DeleteContainer.RemoveTree(entry.Directory.Root);
            entry.Directory.CreateAll();
            spec.UserRange?.LetThrough(entry.Directory.Root, entry.Directory.Files);
            WriteBundle(host, entry.Directory, spec, cgroup);
            ContainerSpecFile.Save(
                entry.Directory, spec with { About = spec.About with { CreatedAt = host.Now } });
            processes = Create(host, entry.Directory, spec);
            Commit(host, entry, spec, cgroup, processes);
        }
        catch (Exception e)
        {
            DeleteContainer.RemoveHalfMade(host, entry.Directory, spec.Id, cgroup);
            if (e is IOException or UnauthorizedAccessException)
                throw new ContainerException($"container {spec.Id} could not be created: {e.Message}", e);
            throw;
        }
    }

    private static CreatedProcesses Create(RuntimeHost host, ContainerDirectory directory, ContainerSpec spec)
    {
        if (!NetnsSettings.AreNeeded(spec))
            return MonitorProcess.Create(host, directory, spec);
        try
        {
            NetnsSettings.Apply(spec, directory.KernelDevices);
            return MonitorProcess.Create(host, directory, spec);
        }
        finally
        {
            // The container has a mount of its own.
            NetnsSettings.Unmount(directory.KernelDevices);
        }
    }

    private static void Commit(
        RuntimeHost host, ContainerEntry entry, ContainerSpec spec, string cgroup, CreatedProcesses processes)
    {
        var record = new ContainerRecord
        {
            Id = spec.Id,
            BootId = host.BootId,
            Monitor = processes.Monitor,
            Init = processes.Init,
            CgroupPath = cgroup,
            StopSignal = spec.StopSignal,
            StopGrace = spec.StopGrace,
            Log = spec.Log,
            OneOff = spec.OneOff,
            UserRange = spec.UserRange,
        };
        record.Save(entry.Directory);
        ContainerNative.SyncDirectory(host.Paths.Containers);
        LogFiles.TurnOver(entry.Directory.Logs, spec.Log.MaxFiles);
        entry.Attach(record, record.Init.TryOpen());
        AdoptContainers.Supervise(host, entry, record);
    }

    private static void WriteBundle(
        RuntimeHost host, ContainerDirectory directory, ContainerSpec spec, string cgroup)
    {
        var files = new List<ContainerMount>();
        AddFile(files, spec, directory, ("/etc/resolv.conf", spec.ResolvConf));
        AddFile(files, spec, directory, ("/etc/hosts", spec.Hosts));
        AddFile(files, spec, directory, ("/etc/hostname", spec.HostnameFile));
        var facts = host.Bundle with { KernelDevices = directory.KernelDevices };
        var document = BundleWriter.Compose(spec, facts, cgroup, files);
        File.WriteAllText(directory.Config, document.ToJsonString());
        File.SetUnixFileMode(directory.Config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static void AddFile(
        List<ContainerMount> files, ContainerSpec spec, ContainerDirectory directory,
        (string Target, string? Content) file)
    {
        var (target, content) = file;
        if (content is null)
            return;
        var path = Path.Combine(directory.Files, Path.GetFileName(target));
        File.WriteAllText(path, content, new UTF8Encoding(false));
        File.SetUnixFileMode(path, ReadableByAll);
        spec.UserRange?.GiveToRoot(path);
        files.Add(new ContainerMount { Kind = ContainerMountKind.Bind, Source = path, Target = target });
    }
}
