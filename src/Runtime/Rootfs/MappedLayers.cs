using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Rootfs;

/// <summary>
/// The unpacked layers of all images as containers in a user namespace have them: the same files at a second place,
/// where the kernel shows other owners. Nothing is copied, and nothing on the disk is changed.
/// </summary>
public sealed class MappedLayers
{
    private const int NamespaceTimeoutMs = 5000;
    private const int MaxStackedMounts = 16;
    private readonly string _layers;
    private readonly string _place;

    private MappedLayers(string layers, string place, IdRange range) =>
        (_layers, _place, Range) = (layers, place, range);

    /// <summary>Whose ids the owners are.</summary>
    public IdRange Range { get; }

    /// <summary>Mounts the layers' directory at a place of ours; what an earlier daemon mounted there goes.</summary>
    /// <exception cref="ContainerException">This kernel or file system cannot do that; the message says
    /// why.</exception>
    public static MappedLayers Open(string layers, string place, IdRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        StoreFiles.MakePrivateDirectory(place);
        Close(place);
        using var users = NewNamespace(range);
        var errno = IdMapNative.MountMapped(layers, place, users);
        return errno == 0 ? new MappedLayers(layers, place, range) : throw new ContainerException(
            $"user namespaces for containers (--userns-remap): {layers} cannot be mounted with other owners: "
            + $"{Marshal.GetPInvokeErrorMessage(errno)}; it needs Linux 5.19 or newer, and a file system such as ext4, "
            + "xfs or btrfs");
    }

    /// <summary>Unmounts what is there. Containers keep theirs: each has a mount of its own.</summary>
    public static void Close(string place)
    {
        for (var i = 0; i < MaxStackedMounts && MountNative.Unmount(place) == 0; i++)
        {
        }
    }

    /// <summary>The same directory where its owners are the containers'.</summary>
    internal string Of(string layer) => layer.StartsWith(_layers + "/", StringComparison.Ordinal)
        ? _place + layer[_layers.Length..]
        : throw new ArgumentException($"{layer} is no layer below {_layers}", nameof(layer));

    /// <summary>
    /// .NET has several threads and cannot make one; a child that does nothing makes it, and it stays by its handle.
    /// </summary>
    private static SafeFileHandle NewNamespace(IdRange range)
    {
        var unshare = ToolProcess.Find("unshare")
            ?? throw new ContainerException("unshare is not installed; install the package util-linux");
        var (readEnd, writeEnd) = ContainerNative.Pipe();
        var child = 0;
        try
        {
            child = SpawnNative.Spawn(
                unshare, ["--user", "/bin/cat"], ToolProcess.Environment, new SpawnFiles { Input = readEnd });
            return Map(child, range);
        }
        finally
        {
            _ = ContainerNative.close(readEnd);
            _ = ContainerNative.close(writeEnd);
            if (child != 0)
            {
                _ = ContainerNative.kill(child, ContainerNative.SigKill);
                _ = ToolProcess.Reap(child);
            }
        }
    }

    private static SafeFileHandle Map(int child, IdRange range)
    {
        var own = new FileInfo("/proc/self/ns/user").LinkTarget;
        var theirs = $"/proc/{child}/ns/user";
        var deadline = Environment.TickCount64 + NamespaceTimeoutMs;
        // The link cannot be read any more when the child has ended.
        while (new FileInfo(theirs).LinkTarget is { } now && now == own)
        {
            if (Environment.TickCount64 > deadline)
                throw new ContainerException("no user namespace could be made: unshare --user does not come to it");
            Thread.Sleep(1);
        }

        var map = string.Create(CultureInfo.InvariantCulture, $"0 {range.First} {range.Count}\n");
        try
        {
            File.WriteAllText($"/proc/{child}/uid_map", map);
            File.WriteAllText($"/proc/{child}/gid_map", map);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ContainerException(
                $"no user namespace with the ids {range} could be made: {e.Message}; see "
                + "/proc/sys/user/max_user_namespaces", e);
        }

        return IdMapNative.TryOpenNamespace(theirs, out var errno)
            ?? throw ImageNative.Failure("open", theirs, errno);
    }
}
