using System.Text;
using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Containers;

/// <summary>A path of a container as people write it, and what is there.</summary>
internal static class CopyPath
{
    private const ulong Inside = ImageNative.ResolveInRoot | ImageNative.ResolveNoMagicLinks;

    /// <summary>
    /// What is there, without opening it; null when there is nothing. Links on the way are followed inside the
    /// container, the last name only when asked.
    /// </summary>
    /// <exception cref="ContainerException">The path breaks a rule, or cannot be walked.</exception>
    internal static SafeFileHandle? TryOpen(SafeFileHandle root, string path, bool follow)
    {
        var name = Encode(path);
        var flags = ImageNative.OPath | (follow ? 0 : ImageNative.ONoFollow);
        var found = ImageNative.TryOpenBeneath(root, name, flags, Inside, out var errno);
        return found is not null || errno is ImageNative.ENOENT or ImageNative.ENOTDIR
            ? found
            : throw new ContainerException(ImageNative.Failure("open", Show(path), errno).Message);
    }

    /// <summary>A directory to work in.</summary>
    /// <exception cref="ContainerException">There is none.</exception>
    internal static SafeFileHandle OpenDirectory(SafeFileHandle root, string path)
    {
        var found = ImageNative.TryOpenBeneath(
            root, Encode(path), ImageNative.OReadOnly | ImageNative.ODirectory, Inside, out var errno);
        if (found is not null && CopyNative.IsKernelFileSystem(found))
        {
            found.Dispose();
            throw Kernel(path);
        }
        return found ?? throw new ContainerException(errno switch
        {
            ImageNative.ENOENT => $"{Show(path)}: no such directory in the container",
            ImageNative.ENOTDIR => $"{Show(path)} is not a directory in the container",
            _ => ImageNative.Failure("open", Show(path), errno).Message,
        });
    }

    /// <summary>Last name of the path, as the top of an archive; "." for a root or a path that ends so.</summary>
    internal static byte[] TopName(string path)
    {
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Encoding.UTF8.GetBytes(names is [.., var last] && last != ".." ? last : ".");
    }

    internal static ContainerException Kernel(string path) =>
        new($"{Show(path)} is a file system of the kernel: it is not copied from or to");

    internal static string Show(string path) => NativeName.Show(NativeName.Of(path));

    private static byte[] Encode(string path)
    {
        if (path.Length == 0 || path.Contains('\0') || Encoding.UTF8.GetByteCount(path) > CopyLimits.MaxPathBytes)
        {
            throw new ContainerException(
                $"a path in a container has 1 to {CopyLimits.MaxPathBytes} bytes and no NUL character");
        }
        // As docker: a path without a slash in front begins at the root.
        return NativeName.Of(path.StartsWith('/') ? path : "/" + path);
    }
}
