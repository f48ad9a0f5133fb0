using System.Runtime.InteropServices;

namespace Swarm.RoutingMesh.Attach;

/// <summary>
/// Network namespaces kept alive by a file each (a bind mount): they outlive the daemon, and an OCI runtime
/// joins them by path.
/// </summary>
internal sealed class NamespaceFiles(string runDirectory)
{
    private const uint OwnerOnly = 0x1c0;

    private readonly string _directory = System.IO.Path.Combine(runDirectory, "netns");

    public string Path(string id) => System.IO.Path.Combine(_directory, id);

    /// <summary>Makes the directory, mode 0700.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(_directory);
        if (Native.ChangeMode(_directory, OwnerOnly) != 0)
            throw Native.Failure($"close {_directory} to others", Marshal.GetLastPInvokeError());
    }

    /// <summary>Ids of all files, whether a namespace is mounted there or not.</summary>
    public IReadOnlyList<string> Ids() =>
        [.. Directory.EnumerateFiles(_directory).Select(path => System.IO.Path.GetFileName(path)!)];

    /// <summary>
    /// Moves the calling thread into a new namespace and keeps it under a file. Never on a pool thread.
    /// </summary>
    public string Create(string id)
    {
        var path = Path(id);
        if (Native.Unshare(Native.NewNetworkNamespace) != 0)
            throw Native.Failure("create a network namespace", Marshal.GetLastPInvokeError());
        File.Create(path).Dispose();
        if (Native.Mount("/proc/thread-self/ns/net", path, null, Native.BindMount, 0) != 0)
            throw Native.Failure($"keep a network namespace at {path}", Marshal.GetLastPInvokeError());
        return path;
    }

    /// <summary>Lets the namespace go; it lives on as long as processes are in it.</summary>
    public void Drop(string id)
    {
        var path = Path(id);
        while (Native.IsNamespaceFile(path))
        {
            if (Native.Unmount(path, Native.DetachMount) != 0)
                throw Native.Failure($"unmount {path}", Marshal.GetLastPInvokeError());
        }

        File.Delete(path);
    }

    public void DropDirectory()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory);
    }
}
