using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Volumes;

/// <summary>How much a volume holds. Its tree may have any shape: no recursion, one open directory.</summary>
internal static class VolumeSize
{
    private const int MaxEntries = 2_000_000;

    /// <summary>The kernel takes no longer ones; what lies deeper is left out.</summary>
    private const int MaxPathBytes = 4000;
    private static readonly byte[] Self = [(byte)'.', 0];

    /// <summary>Bytes of its files; each counts once, also under several names.</summary>
    internal static ulong Of(string directory)
    {
        using var root = ImageNative.OpenDirectory(directory);
        var total = 0UL;
        var entries = 0;
        var seen = new HashSet<ulong>();
        var paths = new Stack<byte[]>([Self]);
        while (paths.TryPop(out var path))
        {
            using var current = ImageNative.TryOpenBeneath(
                root, path, ImageNative.OReadOnly | ImageNative.ODirectory,
                ImageNative.ResolveBeneath | ImageNative.ResolveNoSymlinks, out _);
            // Gone meanwhile: the containers go on writing.
            if (current is null)
                continue;
            foreach (var name in TreeCopier.Names(current))
            {
                if (++entries > MaxEntries)
                    return total;
                if (FileNative.TryFacts(current, name, out _) is not { } facts)
                    continue;
                if (facts.IsDirectory)
                {
                    if (path.Length + name.Length < MaxPathBytes)
                        paths.Push([.. path[..^1], (byte)'/', .. name]);
                }
                else if (facts.Links == 1 || seen.Add(facts.Inode))
                    total += (ulong)facts.Bytes;
            }
        }

        return total;
    }
}
