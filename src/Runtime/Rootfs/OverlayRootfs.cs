using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Rootfs;

/// <summary>
/// The root file system of one container: an overlay of the image's layers and a writable directory of its own. In the
/// task's directory: <c>l/</c> short links to the layers, <c>upper</c>, <c>work</c> and the mount point <c>rootfs</c>.
/// </summary>
public sealed class OverlayRootfs
{
    /// <summary>As many lower directories as overlayfs joins.</summary>
    public const int MaxLayers = ManifestParser.MaxLayers;

    private const int MaxStackedMounts = 16;
    private const string MountPoint = "rootfs";

    // One task's calls exclude each other; those of different tasks hardly ever do.
    private const int Gates = 64;
    private static readonly Lock[] s_gates = [.. Enumerable.Range(0, Gates).Select(_ => new Lock())];

    private OverlayRootfs()
    {
    }

    /// <summary>
    /// Mounts a fresh root file system and returns its absolute path. When it is mounted already (after a restart of
    /// the daemon) it is left as it is: the same upper directory mounted twice would corrupt itself.
    /// </summary>
    /// <param name="taskDir">The task's own; absolute.</param>
    /// <param name="image">Whose layers.</param>
    /// <param name="mapped">For a container in a user namespace: its files belong to the ids that it has on the host.
    /// Null = to those that the image says.</param>
    /// <exception cref="ImageException">The image has more layers than overlayfs can join.</exception>
    /// <exception cref="IOException">The kernel refuses the mount.</exception>
    public static string Mount(string taskDir, LocalImage image, MappedLayers? mapped = null)
    {
        if (image.LayerDirectories.Count > MaxLayers)
            throw ImageException.TooLarge(
                $"image has {image.LayerDirectories.Count} layers; at most {MaxLayers} can be joined");
        lock (GateOf(taskDir))
        {
            var target = Path.Combine(taskDir, MountPoint);
            if (IsMounted(target))
                return target;
            Clear(taskDir);
            Prepare(taskDir, image, mapped);
            MountPrepared(taskDir, target, Math.Max(1, image.LayerDirectories.Count));
            return target;
        }
    }

    /// <summary>
    /// Unmounts and deletes what the container wrote. Nothing happens when there is nothing; processes that still use
    /// the mount keep what they have open.
    /// </summary>
    /// <exception cref="IOException">The mount or the files will not go.</exception>
    public static void Unmount(string taskDir)
    {
        lock (GateOf(taskDir))
        {
            var target = Path.Combine(taskDir, MountPoint);
            for (var i = 0; i < MaxStackedMounts && IsMounted(target); i++)
            {
                var errno = MountNative.Unmount(target);
                if (errno is not (0 or MountNative.EINVAL or MountNative.ENOENT))
                    throw ImageNative.Failure("unmount", target, errno);
            }

            Clear(taskDir);
        }
    }

    private static Lock GateOf(string taskDir) =>
        s_gates[(taskDir.GetHashCode(StringComparison.Ordinal) & int.MaxValue) % s_gates.Length];

    private static void MountPrepared(string taskDir, string target, int layers)
    {
        var lower = string.Join(':', Enumerable.Range(0, layers).Select(i => i.ToString(CultureInfo.InvariantCulture)));
        var links = Path.Combine(taskDir, "l");
        var options = $"lowerdir={lower},upperdir=../upper,workdir=../work";
        // The upper directory lives no longer than its task, which no reboot survives: syncing it would be for nobody.
        var errno = OnThreadOfItsOwn(() => MountNative.MountOverlayFrom(links, target, options + ",volatile"));
        // Kernels before 5.10 do not know "volatile".
        if (errno == MountNative.EINVAL)
            errno = OnThreadOfItsOwn(() => MountNative.MountOverlayFrom(links, target, options));
        if (errno != 0)
            throw ImageNative.Failure("mount overlay on", target, errno);
    }

    private static bool IsMounted(string target)
    {
        if (!Directory.Exists(target))
            return false;
        using var dir = ImageNative.OpenDirectory(target);
        return FileNative.Facts(dir).IsMountRoot;
    }

    private static void Clear(string taskDir)
    {
        foreach (var name in (string[])["upper", "work", "l", MountPoint])
        {
            TreeRemover.Remove(Path.Combine(taskDir, name));
        }
    }

    private static void Prepare(string taskDir, LocalImage image, MappedLayers? mapped)
    {
        StoreFiles.MakePrivateDirectory(taskDir);
        foreach (var name in (string[])["upper", "work", "l", MountPoint])
        {
            Directory.CreateDirectory(Path.Combine(taskDir, name));
        }

        // The kernel takes one page of options: short names relative to "l" make 500 layers fit.
        var links = Path.Combine(taskDir, "l");
        var top = image.LayerDirectories.Count - 1;
        for (var i = 0; i <= top; i++)
        {
            var layer = image.LayerDirectories[top - i];
            Directory.CreateSymbolicLink(
                Path.Combine(links, i.ToString(CultureInfo.InvariantCulture)), mapped?.Of(layer) ?? layer);
        }

        if (top < 0)
            Directory.CreateDirectory(Path.Combine(links, "0"));
        // The upper directory is not mapped: overlayfs works there as the host's root, which has no id in the range.
        mapped?.Range.GiveToRoot(Path.Combine(taskDir, "upper"));
        mapped?.Range.LetThrough(taskDir);
        using var upper = ImageNative.OpenDirectory(Path.Combine(taskDir, "upper"));
        foreach (var fix in image.DirectoryFixes)
        {
            Apply(upper, mapped is null ? fix : fix with
            {
                Uid = mapped.Range.OnHost(fix.Uid), Gid = mapped.Range.OnHost(fix.Gid),
            });
        }

        // Making directories changed the times of those above them: the deepest first, once more.
        foreach (var fix in image.DirectoryFixes.Reverse())
        {
            using var dir = Open(upper, fix.Path);
            ImageNative.ChangeTimes(dir, s_self, fix.MtimeSeconds, fix.MtimeNanoseconds);
        }
    }

    private static readonly byte[] s_self = [(byte)'.', 0];

    /// <summary>
    /// Fixes come in the order of their paths, so that a parent with a fix of its own is there already.
    /// </summary>
    private static void Apply(SafeFileHandle upper, DirectoryFix fix)
    {
        var names = fix.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var depth = 1; depth <= names.Length; depth++)
        {
            ImageNative.MakeDirectory(upper, DirectoryFixes.Native(string.Join('/', names.Take(depth))), fix.Mode);
        }

        using var dir = Open(upper, fix.Path);
        var errno = ImageNative.ChangeOwner(dir, s_self, fix.Uid, fix.Gid);
        errno = errno == 0 ? ImageNative.ChangeMode(dir, s_self, fix.Mode) : errno;
        foreach (var attribute in fix.Attributes)
        {
            errno = errno == 0 ? FileNative.SetAttribute(dir, attribute.Name, attribute.Value) : errno;
        }

        if (errno != 0)
            throw ImageNative.Failure("set owner, mode and attributes of", fix.Path, errno);
    }

    private static SafeFileHandle Open(SafeFileHandle upper, string path) => ImageNative.TryOpenBeneath(
        upper, DirectoryFixes.Native(path.Length == 0 ? "." : path), ImageNative.OReadOnly | ImageNative.ODirectory,
        ImageNative.ResolveBeneath | ImageNative.ResolveNoSymlinks, out var errno)
        ?? throw ImageNative.Failure("open", path, errno);

    /// <summary>The thread's working directory is changed for good: no pool thread must do this.</summary>
    private static int OnThreadOfItsOwn(Func<int> work)
    {
        var result = 0;
        var thread = new Thread(() => result = work());
        thread.Start();
        thread.Join();
        return result;
    }
}
