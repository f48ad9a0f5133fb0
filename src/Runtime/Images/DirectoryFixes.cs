using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// A layer may hold tmp/x without an entry for tmp. Its tmp then is a directory of our making, and in an overlay the
/// topmost directory's owner, mode and attributes count: 1777 would become 0755. For each such directory this finds the
/// nearest layer below that really says something; the mount repeats it in the container's own upper directory.
/// </summary>
internal static class DirectoryFixes
{
    private const uint DefaultMode = 0x1ED; // 0755

    /// <param name="layers">Directory of each layer and its implicit directories, the lowest first.</param>
    internal static IReadOnlyList<DirectoryFix> Find(
        IReadOnlyList<(string Diff, IReadOnlyList<string> Implicit)> layers)
    {
        var isImplicit = layers.Select(l => l.Implicit.ToHashSet(StringComparer.Ordinal)).ToArray();
        var roots = new List<SafeFileHandle>();
        try
        {
            roots.AddRange(layers.Select(l => ImageNative.OpenDirectory(l.Diff)));
            var fixes = new SortedDictionary<string, DirectoryFix>(StringComparer.Ordinal);
            fixes[""] = Root(roots, isImplicit);
            foreach (var path in isImplicit.SelectMany(p => p).Distinct().Where(p => p.Length > 0))
            {
                if (Merged(roots, isImplicit, path) is { IsCovered: true } found)
                    AddWithAncestors(fixes, path, found.Facts, ancestor => Merged(roots, isImplicit, ancestor)?.Facts);
            }

            return [.. fixes.Values];
        }
        finally
        {
            roots.ForEach(r => r.Dispose());
        }
    }

    /// <summary>The root of the merged tree is always the upper directory's.</summary>
    private static DirectoryFix Root(List<SafeFileHandle> roots, HashSet<string>[] isImplicit)
    {
        for (var i = roots.Count - 1; i >= 0; i--)
        {
            if (!isImplicit[i].Contains(""))
                return Fix("", DirectoryFacts.Of(roots[i]));
        }

        return new DirectoryFix("", DefaultMode, 0, 0, 0, 0);
    }

    /// <summary>To make a directory in the upper one, those above it must be made there too, as they are.</summary>
    private static void AddWithAncestors(
        SortedDictionary<string, DirectoryFix> fixes,
        string path,
        DirectoryFacts facts,
        Func<string, DirectoryFacts?> merged)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            var ancestor = path[..slash];
            if (fixes.ContainsKey(ancestor))
                break;
            if (merged(ancestor) is not { } above)
                return;
            fixes[ancestor] = Fix(ancestor, above);
        }

        fixes[path] = Fix(path, facts);
    }

    /// <summary>
    /// The directory as the layers together mean it: the topmost that says something itself, else the topmost there is.
    /// Covered is one that says something but has an implicit one above it. Null when it is no directory.
    /// </summary>
    private static (DirectoryFacts Facts, bool IsCovered)? Merged(
        List<SafeFileHandle> roots, HashSet<string>[] isImplicit, string path)
    {
        DirectoryFacts? topmost = null;
        for (var i = roots.Count - 1; i >= 0; i--)
        {
            var facts = Look(roots[i], path, out var hidesBelow);
            if (facts is { } known && !isImplicit[i].Contains(path))
                return (known, topmost is not null);
            topmost ??= facts;
            if (hidesBelow)
                break;
        }

        return topmost is { } implied ? (implied, false) : null;
    }

    /// <summary>What the layer itself has at the path, and whether it hides the layers below there.</summary>
    private static DirectoryFacts? Look(SafeFileHandle root, string path, out bool hidesBelow)
    {
        hidesBelow = false;
        var names = path.Split('/');
        for (var depth = 1; depth <= names.Length; depth++)
        {
            var prefix = Native(string.Join('/', names.Take(depth)));
            using var at = ImageNative.TryOpenBeneath(
                root, prefix, ImageNative.OReadOnly | ImageNative.ODirectory,
                ImageNative.ResolveBeneath | ImageNative.ResolveNoSymlinks, out var errno);
            if (at is null)
            {
                // Anything but "not there" is a file, link or whiteout in the way.
                hidesBelow |= errno != ImageNative.ENOENT;
                return null;
            }

            hidesBelow |= Whiteouts.IsOpaque(at);
            if (depth == names.Length)
                return DirectoryFacts.Of(at);
        }

        return null;
    }

    internal static byte[] Native(string path) => System.Text.Encoding.Latin1.GetBytes(path + "\0");

    private static DirectoryFix Fix(string path, DirectoryFacts facts)
    {
        var file = facts.File;
        return new DirectoryFix(
            path, file.Mode & FileFacts.PermissionMask, file.Uid, file.Gid, file.MtimeSeconds, file.MtimeNanoseconds)
        {
            Attributes = facts.Attributes,
        };
    }

    /// <summary>What is repeated of a directory.</summary>
    private sealed record DirectoryFacts(FileFacts File, IReadOnlyList<FileAttribute> Attributes)
    {
        internal static DirectoryFacts Of(SafeFileHandle directory) =>
            new(FileNative.Facts(directory), FileNative.UserAttributes(directory));
    }
}
