using System.Globalization;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Removes what belongs to an ended container. `runtime delete` would cost a process (6–16 ms) and does nothing more
/// than this for one that has ended.
/// </summary>
internal static class DeleteContainer
{
    internal static void Run(RuntimeHost host, ContainerEntry entry)
    {
        RemoveTraces(host, entry.Directory, entry.Id, CgroupOf(host, entry));
        RemoveTree(entry.Directory.Root);
    }

    /// <summary>Gives back what the kernel and the runtime hold; record (with the exit) and log stay.</summary>
    internal static void Release(RuntimeHost host, ContainerEntry entry)
    {
        RemoveTraces(host, entry.Directory, entry.Id, CgroupOf(host, entry));
        RemoveTree(entry.Directory.Bundle);
        RemoveTree(entry.Directory.Files);
    }

    private static string CgroupOf(RuntimeHost host, ContainerEntry entry) =>
        entry.Record?.CgroupPath ?? $"{host.Options.CgroupParent}/{entry.Id}";

    /// <summary>For a creation that failed or was cut short by a crash: nothing in it is trusted to be dead.</summary>
    internal static void RemoveHalfMade(RuntimeHost host, ContainerDirectory directory, string id, string cgroup)
    {
        KillByPidFile(directory.MonitorPid, host.Conmon);
        if (Directory.Exists(Path.Combine(host.Oci.Root, id)))
            _ = ToolProcess.Run(host.Oci.Path, host.Oci.DeleteArguments(id), RuntimeHost.ToolTimeoutMs);
        RemoveTraces(host, directory, id, cgroup);
        RemoveTree(directory.Root);
    }

    internal static void RemoveTree(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    private static void RemoveTraces(RuntimeHost host, ContainerDirectory directory, string id, string cgroup)
    {
        if (!host.Cgroups.Remove(cgroup))
            host.Options.Log($"container {id}: cgroup {cgroup} could not be removed; the next start tries again");
        RemoveTree(Path.Combine(host.Oci.Root, id));
        var socket = Path.Combine(host.Paths.AttachSockets, id);
        if (new FileInfo(socket).LinkTarget is not null)
            RemoveFile(socket);
        else
            RemoveTree(socket);
        RemoveFile(directory.MonitorPid);
        RemoveFile(directory.InitPid);
        RemoveFile(directory.RuntimeLog);
    }

    private static void RemoveFile(string path)
    {
        if (Directory.Exists(Path.GetDirectoryName(path)))
            File.Delete(path);
    }

    /// <summary>The number may belong to somebody else by now: only a monitor is killed.</summary>
    private static void KillByPidFile(string path, string program)
    {
        if (!File.Exists(path) || !int.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var pid))
            return;
        using var handle = ContainerNative.TryOpenPidFd(pid);
        if (handle is not null && new FileInfo($"/proc/{pid}/exe").LinkTarget == program)
            _ = ContainerNative.SendSignal(handle, ContainerNative.SigKill);
    }
}
