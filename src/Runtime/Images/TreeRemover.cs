using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// Deletes trees that someone else wrote: any depth (no recursion, no path strings), any bytes in names, no link
/// followed, no mount crossed. .NET's own recursive delete fails on names that are not UTF-8.
/// </summary>
internal static class TreeRemover
{
    private const int BufferBytes = 32 * 1024;
    private static readonly byte[] s_parent = "..\0"u8.ToArray();

    /// <summary>Deletes the name in the directory, whatever it is. Nothing happens when it does not exist.</summary>
    /// <exception cref="IOException">Something would not go, for example because it is a mount point.</exception>
    internal static void Remove(SafeFileHandle dir, byte[] name)
    {
        if (FileNative.TryFacts(dir, name, out var errno) is not { } facts)
        {
            Check(errno == ImageNative.ENOENT ? 0 : errno, name);
            return;
        }

        if (facts.IsDirectory)
        {
            Check(facts.IsMountRoot ? 16 : 0, name);
            Empty(dir, name);
        }

        Check(ImageNative.Unlink(dir, name, facts.IsDirectory), name);
    }

    /// <summary>Deletes a tree of ours by its path.</summary>
    internal static void Remove(string path)
    {
        var parent = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(parent))
            return;
        using var dir = ImageNative.OpenDirectory(parent);
        Remove(dir, NativeName.Of(Path.GetFileName(path)));
    }

    private static void Empty(SafeFileHandle dir, byte[] name)
    {
        // Levels on the heap: the depth is the attacker's choice. One descriptor is open at a time; the way back is
        // "..", which is safe because nobody else moves directories of a dead container or an unfinished layer.
        var levels = new Stack<(byte[] Name, List<byte[]> Names)>();
        var current = Open(dir, name);
        try
        {
            levels.Push((name, ReadAll(current)));
            while (true)
            {
                var (ownName, names) = levels.Peek();
                if (names.Count == 0)
                {
                    levels.Pop();
                    if (levels.Count == 0)
                        return;
                    current = Replace(current, Open(current, s_parent));
                    Check(ImageNative.Unlink(current, ownName, directory: true), ownName);
                    continue;
                }

                var next = names[^1];
                names.RemoveAt(names.Count - 1);
                if (!RemoveFile(current, next))
                {
                    current = Replace(current, Open(current, next));
                    levels.Push((next, ReadAll(current)));
                }
            }
        }
        finally
        {
            current.Dispose();
        }
    }

    private static bool RemoveFile(SafeFileHandle dir, byte[] name)
    {
        var errno = ImageNative.Unlink(dir, name, directory: false);
        if (errno is 0 or ImageNative.ENOENT)
            return true;
        var facts = FileNative.TryFacts(dir, name, out _);
        Check(facts is { IsDirectory: true, IsMountRoot: false } ? 0 : errno, name);
        return false;
    }

    private static List<byte[]> ReadAll(SafeFileHandle dir)
    {
        var names = new List<byte[]>();
        Span<byte> buffer = new byte[BufferBytes];
        while (FileNative.ReadNames(dir, buffer, names))
        {
        }

        return names;
    }

    private static SafeFileHandle Open(SafeFileHandle dir, byte[] name)
    {
        var opened = ImageNative.TryOpenAt(dir, name, ImageNative.OReadOnly | ImageNative.ODirectory, out var errno);
        Check(errno, name);
        return opened!;
    }

    private static SafeFileHandle Replace(SafeFileHandle old, SafeFileHandle next)
    {
        old.Dispose();
        return next;
    }

    private static void Check(int errno, byte[] name)
    {
        if (errno != 0)
            throw ImageNative.Failure("remove", NativeName.Show(name), errno);
    }
}
