using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Swarm.Model;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Volumes;

/// <summary>
/// Which files and directories of the host containers may mount. What counts is where a path really leads, links
/// followed, and what was looked at is what is mounted: the handle, not the path once more.
/// </summary>
public sealed class HostPaths
{
    private static readonly string[] KernelTrees = ["/proc", "/sys", "/dev"];
    private readonly IReadOnlyList<string>? _allowed;
    private readonly IReadOnlyList<string> _own;

    /// <param name="allowed">Absolute, clean paths; these and what is below. Null = all that is no danger to the host:
    /// not /, nor below /proc, /sys, /dev.</param>
    /// <param name="own">Directories of the daemon's own: refused in any case, and what holds them unless it is
    /// listed.</param>
    /// <exception cref="FormatException">A path that is not absolute or not clean.</exception>
    public HostPaths(IReadOnlyList<string>? allowed, IReadOnlyList<string> own)
    {
        ArgumentNullException.ThrowIfNull(own);
        foreach (var path in allowed ?? [])
        {
            if (!ContainerSpecRules.IsCleanAbsolute(path))
                throw new FormatException($"'{path}': must be an absolute path without \".\", \"..\" and empty parts");
        }

        (_allowed, _own) = (allowed, own);
    }

    /// <summary>All but what is a danger to the host.</summary>
    public static HostPaths Usual { get; } = new(null, []);

    /// <summary>Opens what the path leads to.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="isDisk">A disk whose file system will be mounted, not the file that stands for it.</param>
    /// <exception cref="VolumeException">Nothing is there, or no container of this node may have it.</exception>
    internal SafeFileHandle Open(string path, bool isDisk = false)
    {
        using var root = ImageNative.OpenDirectory("/");
        var file = ImageNative.TryOpenBeneath(
            root, NativeName.Of(path), ImageNative.OPath, ImageNative.ResolveNoMagicLinks, out var errno)
            ?? throw VolumeException.Invalid($"invalid mount config: bind source path {Printable.Value(path)}: "
                + Marshal.GetPInvokeErrorMessage(errno));
        try
        {
            Check(path, PlaceOf(file), isDisk);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Check(string path, string real, bool isDisk)
    {
        var own = _own.Select(Real).ToList();
        var shown = Printable.Value(path) + (real == path ? "" : $" ({Printable.Value(real)})");
        if (own.Any(o => IsWithin(real, o)))
            throw VolumeException.Invalid($"bind source {shown} is refused: it belongs to swarmd itself");
        if (_allowed is not null && !_allowed.Any(a => IsWithin(real, a)))
        {
            var list = _allowed.Count == 0 ? "none" : string.Join(", ", _allowed);
            throw VolumeException.Invalid(
                $"bind source {shown} is refused: this node's swarmd allows mounts of {list} (--allow-mount)");
        }

        if (_allowed is null && !isDisk && (real == "/" || KernelTrees.Any(k => IsWithin(real, k))
            || own.Any(o => IsWithin(o, real))))
        {
            throw VolumeException.Invalid(
                $"bind source {shown} is refused: it shows the kernel or swarmd itself to the container; "
                + $"where that is wanted, start this node's swarmd with --allow-mount {Printable.Value(real)}");
        }
    }

    /// <summary>Where it leads; itself while nothing is there.</summary>
    private static string Real(string path)
    {
        using var root = ImageNative.OpenDirectory("/");
        using var file = ImageNative.TryOpenBeneath(
            root, NativeName.Of(path), ImageNative.OPath, ImageNative.ResolveNoMagicLinks, out _);
        return file is null ? path : PlaceOf(file);
    }

    private static string PlaceOf(SafeFileHandle file)
    {
        using var descriptors = ImageNative.OpenDirectory("/proc/self/fd");
        var number = file.DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
        var place = FileNative.TryReadLink(descriptors, NativeName.Of(number), out var errno)
            ?? throw ImageNative.Failure("readlink", "/proc/self/fd", errno);
        return Encoding.UTF8.GetString(place.AsSpan(0, place.Length - 1));
    }

    private static bool IsWithin(string path, string tree) =>
        tree == "/" || path == tree || path.StartsWith(tree + "/", StringComparison.Ordinal);
}
