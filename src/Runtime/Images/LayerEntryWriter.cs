using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>Writes the entries of one layer into its tree: what is made, what is dropped, what is refused.</summary>
internal sealed class LayerEntryWriter(LayerTree tree, TarReader tar, Action<string> note)
{
    private const uint TemporaryFileMode = 0x180; // 0600
    private const int CopyBytes = 128 * 1024;
    private static readonly byte[] s_self = [(byte)'.', 0];
    private readonly byte[] _buffer = new byte[CopyBytes];

    internal void Write(TarEntry entry)
    {
        var path = EntryPath.Parse(entry.Name, "its path");
        if (path.IsRoot)
        {
            WriteRoot(entry, path);
            return;
        }

        if (Whiteouts.Refusal(path) is { } refusal)
            throw ImageException.Invalid($"layer entry \"{path.Shown}\" is refused: {refusal}");
        if (entry.Kind == TarKind.Device)
        {
            // A device node in a root file system is a door to the host's disks; /dev comes from the runtime.
            note($"device node {path.Shown} of the layer is left out");
            return;
        }

        var parent = tree.OpenParent(path);
        if (Whiteouts.Is(path))
            Whiteouts.Apply(parent, path);
        else
            Make(entry, path, parent);
    }

    private void WriteRoot(TarEntry entry, EntryPath path)
    {
        if (entry.Kind != TarKind.Directory)
            throw ImageException.Invalid("layer is refused: its root is not a directory");
        Describe(tree.Root, s_self, entry, isLink: false);
        tree.MarkExplicit(path, entry.MtimeSeconds, entry.MtimeNanoseconds);
    }

    private void Make(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        switch (entry.Kind)
        {
            case TarKind.Directory:
                MakeDirectory(entry, path, parent);
                break;
            case TarKind.File:
                MakeFile(entry, path, parent);
                break;
            case TarKind.HardLink:
                MakeHardLink(entry, path, parent);
                break;
            case TarKind.Symlink:
                Create(path, parent, () => ImageNative.MakeSymlink(parent, path.Leaf, LinkTarget(entry, path)));
                Describe(parent, path.Leaf, entry, isLink: true);
                ImageNative.ChangeTimes(parent, path.Leaf, entry.MtimeSeconds, entry.MtimeNanoseconds);
                break;
            default:
                Create(path, parent, () => ImageNative.MakeNode(parent, path.Leaf, FileFacts.Fifo | TemporaryFileMode));
                Describe(parent, path.Leaf, entry, isLink: false);
                ImageNative.ChangeTimes(parent, path.Leaf, entry.MtimeSeconds, entry.MtimeNanoseconds);
                break;
        }
    }

    private void MakeDirectory(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        var opaque = false;
        var errno = ImageNative.MakeDirectory(parent, path.Leaf, TemporaryFileMode);
        if (errno == ImageNative.EEXIST && FileNative.TryFacts(parent, path.Leaf, out _) is { IsDirectory: false })
        {
            opaque = tree.Clear(parent, path);
            errno = ImageNative.MakeDirectory(parent, path.Leaf, TemporaryFileMode);
        }

        Check(errno is ImageNative.EEXIST ? 0 : errno, path);
        using var made = ImageNative.TryOpenAt(
            parent, path.Leaf, ImageNative.OReadOnly | ImageNative.ODirectory, out errno);
        Check(errno, path);
        Describe(parent, path.Leaf, entry, isLink: false);
        LayerAttributes.Apply(made!, entry, path, note);
        if (opaque)
            Whiteouts.MakeOpaque(made!, path);
        tree.MarkExplicit(path, entry.MtimeSeconds, entry.MtimeNanoseconds);
    }

    private void MakeFile(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        const int flags = ImageNative.OWriteOnly | ImageNative.OCreate | ImageNative.OExclusive;
        var file = ImageNative.TryOpenAt(parent, path.Leaf, flags, out var errno);
        if (errno == ImageNative.EEXIST)
        {
            tree.Clear(parent, path);
            file = ImageNative.TryOpenAt(parent, path.Leaf, flags, out errno);
        }

        Check(errno, path);
        using (file!)
        {
            for (var n = tar.Read(_buffer); n > 0; n = tar.Read(_buffer))
            {
                ImageNative.WriteAll(file!, _buffer.AsSpan(0, n));
            }

            Describe(parent, path.Leaf, entry, isLink: false);
            LayerAttributes.Apply(file!, entry, path, note);
        }

        ImageNative.ChangeTimes(parent, path.Leaf, entry.MtimeSeconds, entry.MtimeNanoseconds);
    }

    private void MakeHardLink(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        // Some builders write the source as an absolute path; it means the layer's root, nothing else.
        var source = EntryPath.Parse(entry.LinkName.AsSpan().TrimStart((byte)'/'), "its hard link source");
        using var from = source.IsRoot ? null : tree.TryOpenExistingParent(source);
        var facts = from is null ? null : FileNative.TryFacts(from, source.Leaf, out _);
        if (facts is not { IsDirectory: false, IsWhiteout: false })
            throw ImageException.Invalid(
                $"layer entry \"{path.Shown}\" is refused: its hard link source \"{source.Shown}\" "
                + "is no file of this layer");
        if (IsSameName(from!, parent, source, path))
            return;
        Create(path, parent, () => ImageNative.MakeHardLink(from!, source.Leaf, parent, path.Leaf));
    }

    /// <summary>A link to itself must not delete its own source first.</summary>
    private static bool IsSameName(SafeFileHandle from, SafeFileHandle to, EntryPath source, EntryPath path) =>
        source.Leaf.AsSpan().SequenceEqual(path.Leaf) && FileNative.Facts(from).Inode == FileNative.Facts(to).Inode;

    private void Create(EntryPath path, SafeFileHandle parent, Func<int> make)
    {
        var errno = make();
        if (errno == ImageNative.EEXIST)
        {
            tree.Clear(parent, path);
            errno = make();
        }

        Check(errno, path);
    }

    private static byte[] LinkTarget(TarEntry entry, EntryPath path) =>
        entry.LinkName.Length is > 0 and <= LayerLimits.MaxPathBytes
            ? NativeName.Of(entry.LinkName)
            : throw ImageException.Invalid(
                $"layer entry \"{path.Shown}\" is refused: the link has no target or one too long");

    /// <summary>Owner before mode: chown clears setuid.</summary>
    private static void Describe(SafeFileHandle dir, byte[] name, TarEntry entry, bool isLink)
    {
        var errno = ImageNative.ChangeOwner(dir, name, entry.Uid, entry.Gid);
        if (errno == 0 && !isLink)
            errno = ImageNative.ChangeMode(dir, name, entry.Mode);
        if (errno != 0)
            throw ImageNative.Failure("set owner and mode of", NativeName.Show(entry.Name), errno);
    }

    private static void Check(int errno, EntryPath path)
    {
        if (errno != 0)
            throw ImageNative.Failure("extract", path.Shown, errno);
    }
}
