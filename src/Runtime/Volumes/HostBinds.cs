using System.Globalization;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Volumes;

/// <summary>
/// Directories of the host as containers have them: bound, by the handle that was looked at, to places of ours
/// (<c>host/CONTAINER/N</c>) from which the runtime mounts them.
/// </summary>
public sealed class HostBinds
{
    private readonly string _directory;
    private readonly VolumeWalls _walls;

    internal HostBinds(string directory, VolumeWalls walls)
    {
        (_directory, _walls) = (directory, walls);
        StoreFiles.MakePrivateDirectory(directory);
        walls.UserRange?.LetThrough(directory);
    }

    /// <summary>Binds what a container may have; the places, in the order of the paths.</summary>
    /// <exception cref="VolumeException">One of them is not there or not allowed.</exception>
    public IReadOnlyList<string> Attach(string holder, IReadOnlyList<(string Path, bool Recursive)> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ImageLeases.RequirePlainWord(holder);
        Release(holder);
        return [.. wanted.Select((w, i) => Bind(w, Path.Combine(
            _directory, holder, i.ToString(CultureInfo.InvariantCulture))))];
    }

    /// <summary>Unknown ones are fine.</summary>
    internal void Release(string holder) => ReleasePlaces(Path.Combine(_directory, holder));

    internal void ReleaseAllBut(IReadOnlySet<string> holders)
    {
        foreach (var left in Directory.EnumerateDirectories(_directory))
        {
            if (!holders.Contains(Path.GetFileName(left)))
                ReleasePlaces(left);
        }
    }

    /// <summary>Unmounts whatever is mounted on the names in a directory and removes it.</summary>
    internal static void ReleasePlaces(string directory)
    {
        if (!Directory.Exists(directory))
            return;
        foreach (var place in Directory.EnumerateFileSystemEntries(directory))
        {
            // What is mounted below would otherwise be unmounted at its source as well, by shared propagation.
            _ = VolumeNative.StopSharing(place);
            var errno = MountNative.Unmount(place);
            if (errno is not (0 or MountNative.EINVAL or MountNative.ENOENT))
                throw ImageNative.Failure("unmount", place, errno);
        }

        TreeRemover.Remove(directory);
    }

    private string Bind((string Path, bool Recursive) wanted, string place)
    {
        using var file = _walls.Paths.Open(wanted.Path);
        StoreFiles.MakePrivateDirectory(Path.GetDirectoryName(place)!);
        _walls.UserRange?.LetThrough(Path.GetDirectoryName(place)!);
        if (FileNative.Facts(file).IsDirectory)
            Directory.CreateDirectory(place);
        else
            StoreFiles.Create(place).Dispose();
        var errno = VolumeNative.BindHandle(file, place, wanted.Recursive);
        return errno == 0 ? place : throw ImageNative.Failure("bind", wanted.Path, errno);
    }
}
