using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Packs a path of a container into an archive. Each name is opened by itself, relative to its directory and without
/// following it, so what the container renames or exchanges meanwhile changes what is found and never where.
/// </summary>
internal sealed class ReadContainerPath
{
    private const int BufferBytes = 128 << 10;
    private const int NameBufferBytes = 32 << 10;
    private readonly CopyTar _tar;
    private readonly CopyLimits _limits;
    private readonly CancellationToken _ct;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private long _entries;
    private long _bytes;
    private long _leftOut;

    private ReadContainerPath(CopyTar tar, CopyLimits limits, CancellationToken ct) =>
        (_tar, _limits, _ct) = (tar, limits, ct);

    internal static ContainerPathFacts? Stat(ContainerEntry entry, string path, bool follow)
    {
        using var root = ContainerRoot.Open(entry);
        using var found = CopyPath.TryOpen(root, path, follow);
        if (found is null)
            return null;
        var facts = FileNative.Facts(found);
        return new ContainerPathFacts(
            facts.IsDirectory,
            facts.Type == FileFacts.Symlink ? NativeName.Show(CopyNative.LinkTarget(found)) : "",
            facts.Type == FileFacts.Regular ? facts.Bytes : 0);
    }

    /// <summary>The number of devices, sockets and pipes that were left out.</summary>
    /// <exception cref="ContainerException">There is nothing, it may not be copied, a limit was passed.</exception>
    internal static long Run(
        ContainerEntry entry, (string Path, bool Follow) what, Stream output, CopyLimits limits, CancellationToken ct)
    {
        using var root = ContainerRoot.Open(entry);
        using var found = CopyPath.TryOpen(root, what.Path, what.Follow)
            ?? throw new ContainerException($"{CopyPath.Show(what.Path)}: no such file or directory in the container");
        if (CopyNative.IsKernelFileSystem(found))
            throw CopyPath.Kernel(what.Path);
        var reader = new ReadContainerPath(new CopyTar(output, entry.Record?.UserRange), limits, ct);
        reader.Add(found, CopyPath.TopName(what.Path), 0);
        reader._tar.Finish();
        return reader._leftOut;
    }

    private void Add(SafeFileHandle found, byte[] name, int depth)
    {
        _ct.ThrowIfCancellationRequested();
        if (++_entries > _limits.MaxEntries)
            throw new ContainerException($"more than {_limits.MaxEntries} files are not copied at once");
        if (depth > CopyLimits.MaxDepth)
            throw new ContainerException($"directories deeper than {CopyLimits.MaxDepth} are not copied");
        var facts = FileNative.Facts(found);
        switch (facts.Type)
        {
            case FileFacts.Directory when CopyNative.IsKernelFileSystem(found):
                _leftOut++;
                break;
            case FileFacts.Directory:
                AddDirectory(found, name, facts, depth);
                break;
            case FileFacts.Regular when !CopyNative.IsKernelFileSystem(found):
                AddFile(found, name, facts);
                break;
            case FileFacts.Symlink:
                _tar.WriteEntry((byte)'2', name, CopyNative.LinkTarget(found), facts, 0);
                break;
            default:
                _leftOut++;
                break;
        }
    }

    private void AddDirectory(SafeFileHandle found, byte[] name, FileFacts facts, int depth)
    {
        _tar.WriteEntry((byte)'5', [.. name, (byte)'/'], [], facts, 0);
        using var directory = ImageNative.TryOpenAt(
            found, [(byte)'.', 0], ImageNative.OReadOnly | ImageNative.ODirectory, out var errno)
            ?? throw ImageNative.Failure("open", NativeName.Show(name), errno);
        var names = new List<byte[]>();
        var buffer = new byte[NameBufferBytes];
        while (FileNative.ReadNames(directory, buffer, names))
        {
            if (_entries + names.Count > _limits.MaxEntries)
                throw new ContainerException($"more than {_limits.MaxEntries} files are not copied at once");
        }
        foreach (var leaf in names)
        {
            // Gone meanwhile: not there.
            using var child = ImageNative.TryOpenAt(directory, leaf, ImageNative.OPath, out _);
            if (child is not null)
                Add(child, [.. name, (byte)'/', .. leaf.AsSpan(0, leaf.Length - 1)], depth + 1);
        }
    }

    /// <summary>The size is promised before the content: what grows is cut, what shrinks ends in zeros.</summary>
    private void AddFile(SafeFileHandle found, byte[] name, FileFacts facts)
    {
        using var file = CopyNative.OpenAgain(found);
        var size = RandomAccess.GetLength(file);
        if ((_bytes += size) > _limits.MaxBytes)
            throw new ContainerException($"more than {_limits.MaxBytes} bytes are not copied at once");
        _tar.WriteEntry((byte)'0', name, [], facts, size);
        for (var at = 0L; at < size;)
        {
            _ct.ThrowIfCancellationRequested();
            var wanted = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, size - at));
            var count = RandomAccess.Read(file, wanted, at);
            if (count == 0)
                wanted.Clear();
            count = count == 0 ? wanted.Length : count;
            _tar.WriteContent(wanted[..count]);
            at += count;
        }
        _tar.Pad(size);
    }
}
