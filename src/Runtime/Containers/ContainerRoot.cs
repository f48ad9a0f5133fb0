using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Containers;

/// <summary>
/// The root directory of a running container as its processes see it, volumes included. Everything below it is opened
/// relative to this handle with RESOLVE_IN_ROOT: no link of the container leads out.
/// </summary>
internal static class ContainerRoot
{
    /// <exception cref="ContainerException">It does not run.</exception>
    internal static SafeFileHandle Open(ContainerEntry entry)
    {
        if (entry.State.Phase != ContainerPhase.Running || entry.Record is not { } record)
            throw NotRunning(entry.Id);
        using var process = record.Init.TryOpen() ?? throw NotRunning(entry.Id);
        SafeFileHandle root;
        try
        {
            root = ImageNative.OpenDirectory($"/proc/{record.Init.Pid}/root/");
        }
        catch (IOException)
        {
            throw NotRunning(entry.Id);
        }
        // Still the same process: its number was nobody else's when the directory was opened.
        if (ProcessIdentity.TryOf(record.Init.Pid) == record.Init)
            return root;
        root.Dispose();
        throw NotRunning(entry.Id);
    }

    internal static ContainerException NotRunning(string id) => new($"container {id} does not run");
}
