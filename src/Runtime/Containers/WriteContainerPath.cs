using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Unpacks an archive into a directory of a container. Links below the directory lead around below it and never out;
/// the last name of an entry is never followed but replaced.
/// </summary>
internal sealed class WriteContainerPath
{
    private const uint SetIdBits = 0xC00;
    private const uint DirectoryMode = 0x1C0; // 0700
    private const int BufferBytes = 128 << 10;
    private readonly LayerTree _tree;
    private readonly TarReader _tar;
    private readonly bool _keepOwner;
    private readonly IdRange? _range;
    private readonly byte[] _buffer = new byte[BufferBytes];

    private WriteContainerPath(LayerTree tree, TarReader tar, bool keepOwner, IdRange? range) =>
        (_tree, _tar, _keepOwner, _range) = (tree, tar, keepOwner, range);

    /// <summary>The number of devices and pipes that were left out.</summary>
    /// <exception cref="ContainerException">The directory or the archive is not as it must be.</exception>
    internal static long Run(
        ContainerEntry entry, (string Directory, bool KeepOwner) where, Stream archive, CopyLimits limits,
        CancellationToken ct)
    {
        using var root = ContainerRoot.Open(entry);
        using var directory = CopyPath.OpenDirectory(root, where.Directory);
        using var tree = new LayerTree(directory);
        try
        {
            var writer = new WriteContainerPath(
                tree, new TarReader(archive), where.KeepOwner, entry.Record?.UserRange);
            return writer.Unpack(limits, ct);
        }
        catch (ImageException e)
        {
            // The reader was made for layers, and says so.
            throw new ContainerException(e.Message.Replace("layer", "archive", StringComparison.Ordinal), e);
        }
    }

    private long Unpack(CopyLimits limits, CancellationToken ct)
    {
        var (entries, bytes, leftOut) = (0L, 0L, 0L);
        while (_tar.Next() is { } next)
        {
            ct.ThrowIfCancellationRequested();
            bytes += next.Size;
            if (++entries > limits.MaxEntries || bytes > limits.MaxBytes)
            {
                throw new ContainerException(
                    $"archives of more than {limits.MaxEntries} files or {limits.MaxBytes} bytes are not copied");
            }
            if (!Write(next, ct))
                leftOut++;
        }
        _tree.ApplyDirectoryTimes();
        return leftOut;
    }

    /// <summary>False for what is left out.</summary>
    private bool Write(TarEntry entry, CancellationToken ct)
    {
        var path = EntryPath.Parse(entry.Name, "its path");
        if (path.IsRoot)
            return true;
        if (entry.Kind is TarKind.Device or TarKind.Fifo)
            return false;
        var parent = _tree.OpenParent(path);
        var present = FileNative.TryFacts(parent, path.Leaf, out _);
        if (present is { } facts && facts.IsDirectory != (entry.Kind == TarKind.Directory))
        {
            throw new ContainerException(facts.IsDirectory
                ? $"cannot overwrite directory \"{path.Shown}\" with non-directory"
                : $"cannot overwrite non-directory \"{path.Shown}\" with directory");
        }
        switch (entry.Kind)
        {
            case TarKind.Directory:
                if (present is null)
                    MakeDirectory(entry, path, parent);
                break;
            case TarKind.File:
                MakeFile(entry, path, parent, ct);
                break;
            case TarKind.Symlink:
                _tree.Clear(parent, path);
                Check(ImageNative.MakeSymlink(parent, path.Leaf, NativeName.Of(entry.LinkName)), path);
                Describe(entry, path, parent);
                break;
            default:
                MakeHardLink(entry, path, parent);
                break;
        }
        return true;
    }

    private void MakeDirectory(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        Check(ImageNative.MakeDirectory(parent, path.Leaf, DirectoryMode), path);
        Describe(entry, path, parent);
        _tree.MarkExplicit(path, entry.MtimeSeconds, entry.MtimeNanoseconds);
    }

    private void MakeFile(TarEntry entry, EntryPath path, SafeFileHandle parent, CancellationToken ct)
    {
        _tree.Clear(parent, path);
        using (var file = ImageNative.TryOpenAt(
            parent, path.Leaf, ImageNative.OWriteOnly | ImageNative.OCreate | ImageNative.OExclusive, out var errno))
        {
            Check(errno, path);
            for (var n = _tar.Read(_buffer); n > 0; n = _tar.Read(_buffer))
            {
                ct.ThrowIfCancellationRequested();
                ImageNative.WriteAll(file!, _buffer.AsSpan(0, n));
            }
            // On the handle: the name may be something else by now.
            Own(file!, [(byte)0], entry, path);
            Check(CopyNative.ChangeMode(file!, Mode(entry)), path);
        }
        ImageNative.ChangeTimes(parent, path.Leaf, entry.MtimeSeconds, entry.MtimeNanoseconds);
    }

    private void MakeHardLink(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        var source = EntryPath.Parse(entry.LinkName, "its hard link source");
        using var from = source.IsRoot ? null : _tree.TryOpenExistingParent(source);
        if (from is null || FileNative.TryFacts(from, source.Leaf, out _) is not { IsDirectory: false })
            throw new ContainerException($"archive entry \"{path.Shown}\" is a link to what is not there");
        _tree.Clear(parent, path);
        Check(ImageNative.MakeHardLink(from, source.Leaf, parent, path.Leaf), path);
    }

    /// <summary>Owner before mode: chown clears setuid.</summary>
    private void Describe(TarEntry entry, EntryPath path, SafeFileHandle parent)
    {
        if (entry.Kind == TarKind.Symlink)
        {
            Own(parent, path.Leaf, entry, path);
            return;
        }
        using var made = ImageNative.TryOpenAt(
            parent, path.Leaf, ImageNative.OReadOnly | ImageNative.ODirectory, out var errno);
        Check(errno, path);
        Own(made!, [(byte)'.', 0], entry, path);
        Check(CopyNative.ChangeMode(made!, Mode(entry)), path);
    }

    private void Own(SafeFileHandle at, byte[] name, TarEntry entry, EntryPath path)
    {
        var (uid, gid) = _keepOwner ? (entry.Uid, entry.Gid) : (0u, 0u);
        if (_range is not null)
        {
            if (uid >= _range.Count || gid >= _range.Count)
                throw new ContainerException($"owner {uid}:{gid} of {path.Shown} is beyond the ids of the container");
            (uid, gid) = (_range.OnHost(uid), _range.OnHost(gid));
        }
        if (_keepOwner || _range is not null)
            Check(ImageNative.ChangeOwner(at, name, uid, gid), path);
    }

    /// <summary>What belonged to somebody must not run as root because it is root's now.</summary>
    private uint Mode(TarEntry entry) => _keepOwner ? entry.Mode : entry.Mode & ~SetIdBits;

    private static void Check(int errno, EntryPath path)
    {
        if (errno != 0)
            throw new ContainerException(ImageNative.Failure("write", path.Shown, errno).Message);
    }
}
