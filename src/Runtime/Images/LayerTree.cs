using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// The directory that a layer is written into. Parents are opened by openat2 with RESOLVE_IN_ROOT: links of the layer
/// lead around inside the layer, as they would in the container, and never out of it. The last name is never followed.
/// </summary>
internal sealed class LayerTree(SafeFileHandle root) : IDisposable
{
    private const uint ImplicitMode = 0x1ED; // 0755
    private const int BusyParentErrno = ImageNative.ENOTDIR;
    private readonly HashSet<string> _implicit = [""];
    private readonly List<(EntryPath Path, long Seconds, int Nanoseconds)> _directoryTimes = [];
    private SafeFileHandle? _parent;
    private string? _parentKey;
    private bool _changed;

    /// <summary>Directories that exist here only because something below them does; "" is the root.</summary>
    internal IEnumerable<string> ImplicitDirectories => _implicit;

    internal SafeFileHandle Root => root;

    /// <summary>Directory that holds the path's last name; missing ones are made. Valid until the next call.</summary>
    internal SafeFileHandle OpenParent(EntryPath path)
    {
        var count = path.Names.Length - 1;
        var key = path.Key(count);
        if (_parent is not null && _parentKey == key && !_changed)
            return _parent;
        _parent?.Dispose();
        _parent = null;
        _changed = false;
        for (var depth = count; ; depth--)
        {
            // From the deepest that exists downwards again; the root always exists.
            var found = TryOpen(path.Prefix(depth), out var errno);
            if (found is null && errno != ImageNative.ENOENT)
                throw Refused(path, errno);
            if (found is not null)
            {
                _parent = MakeRest(found, path, depth, count);
                _parentKey = key;
                return _parent;
            }
        }
    }

    /// <summary>Directory that holds the last name of a path that must exist; null when it does not.</summary>
    internal SafeFileHandle? TryOpenExistingParent(EntryPath path) =>
        TryOpen(path.Prefix(path.Names.Length - 1), out _);

    /// <summary>Deletes what is at the name, so that the next thing replaces it. True when it was a whiteout.</summary>
    internal bool Clear(SafeFileHandle parent, EntryPath path)
    {
        if (FileNative.TryFacts(parent, path.Leaf, out _) is not { } facts)
            return false;
        TreeRemover.Remove(parent, path.Leaf);
        // The name may have been a link on the way to the cached parent.
        _changed = true;
        if (facts.IsDirectory)
            _implicit.RemoveWhere(p => IsAtOrBelow(p, path.Key(path.Names.Length)));
        return facts.IsWhiteout;
    }

    internal void MarkExplicit(EntryPath path, long seconds, int nanoseconds)
    {
        _implicit.Remove(path.Key(path.Names.Length));
        _directoryTimes.Add((path, seconds, nanoseconds));
    }

    /// <summary>Times of directories last, because writing into them changes them; the deepest come first.</summary>
    internal void ApplyDirectoryTimes()
    {
        for (var i = _directoryTimes.Count - 1; i >= 0; i--)
        {
            var (path, seconds, nanoseconds) = _directoryTimes[i];
            using var dir = TryOpen(path.Prefix(path.Names.Length), out _);
            if (dir is not null)
                ImageNative.ChangeTimes(dir, [(byte)'.', 0], seconds, nanoseconds);
        }
    }

    public void Dispose() => _parent?.Dispose();

    private SafeFileHandle MakeRest(SafeFileHandle from, EntryPath path, int depth, int count)
    {
        var current = from;
        for (; depth < count; depth++)
        {
            var name = path.Names[depth];
            var errno = ImageNative.MakeDirectory(current, name, ImplicitMode);
            var next = errno != 0 ? null : ImageNative.TryOpenAt(
                current, name, ImageNative.OReadOnly | ImageNative.ODirectory, out errno);
            current.Dispose();
            // EEXIST: a link that leads nowhere. To follow it would mean to make directories of the layer's choice.
            current = next ?? throw Refused(path, errno);
            _implicit.Add(path.Key(depth + 1));
        }

        return current;
    }

    private SafeFileHandle? TryOpen(byte[] path, out int errno) => ImageNative.TryOpenBeneath(
        root, path, ImageNative.OReadOnly | ImageNative.ODirectory,
        ImageNative.ResolveInRoot | ImageNative.ResolveNoMagicLinks, out errno);

    private static bool IsAtOrBelow(string path, string top) =>
        path.StartsWith(top, StringComparison.Ordinal) && (path.Length == top.Length || path[top.Length] == '/');

    private static ImageException Refused(EntryPath path, int errno) => ImageException.Invalid(errno switch
    {
        ImageNative.EEXIST or ImageNative.ELOOP =>
            $"layer entry \"{path.Shown}\" is refused: its parent is a link that leads nowhere",
        BusyParentErrno => $"layer entry \"{path.Shown}\" is refused: its parent is not a directory",
        _ => ImageNative.Failure("open the parent of layer entry", path.Shown, errno).Message,
    });
}
