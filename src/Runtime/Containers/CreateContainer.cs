using System.Text;

namespace Swarm.Runtime.Containers;

/// <summary>Creates a container up to the point where its program would start.</summary>
internal static class CreateContainer
{
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <exception cref="ContainerException">The specification or the runtime says no; nothing is left then.</exception>
    internal static void Run(RuntimeHost host, ContainerEntry entry, ContainerSpec spec)
    {
        var cgroup = spec.CgroupPath ?? $"{host.Options.CgroupParent}/{spec.Id}";
        CreatedProcesses processes;
        try
        {
            DeleteContainer.RemoveTree(entry.Directory.Root);
            entry.Directory.CreateAll();
            WriteBundle(host, entry.Directory, spec, cgroup);
            processes = MonitorProcess.Create(host, entry.Directory, spec);
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
        AddFile(files, directory, "/etc/resolv.conf", spec.ResolvConf);
        AddFile(files, directory, "/etc/hosts", spec.Hosts);
        AddFile(files, directory, "/etc/hostname", spec.HostnameFile);
        var document = BundleWriter.Compose(spec, host.Bundle, cgroup, files);
        File.WriteAllText(directory.Config, document.ToJsonString());
        File.SetUnixFileMode(directory.Config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static void AddFile(
        List<ContainerMount> files, ContainerDirectory directory, string target, string? content)
    {
        if (content is null)
            return;
        var path = Path.Combine(directory.Files, Path.GetFileName(target));
        File.WriteAllText(path, content, new UTF8Encoding(false));
        File.SetUnixFileMode(path, ReadableByAll);
        files.Add(new ContainerMount { Kind = ContainerMountKind.Bind, Source = path, Target = target });
    }
}
