using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Volumes;

/// <summary>
/// Copies a directory of an image with owners, modes, times, links and the attributes that images keep. Everything is
/// relative to directory handles and no link is followed: the tree is a stranger's. Devices and sockets stay behind.
/// </summary>
internal sealed class TreeCopier
{
    private const uint PrivateMode = 0x1C0; // 0700
    private const int CopyBytes = 128 * 1024;
    private const int ListBytes = 32 * 1024;

    /// <summary>Image layers have no deeper paths.</summary>
    private const int MaxDepth = 512;

    private static readonly byte[] Self = [(byte)'.', 0];
    private static readonly byte[] Capability = NativeName.Of("security.capability");
    private readonly SafeFileHandle _target;
    private readonly byte[] _buffer = new byte[CopyBytes];

    /// <summary>Files with several names: where the first one was put.</summary>
    private readonly Dictionary<ulong, (byte[][] Parents, byte[] Leaf)> _linked = [];

    private TreeCopier(SafeFileHandle target) => _target = target;

    /// <summary>Fills <paramref name="target"/>, which is empty; owner and mode become the source's.</summary>
    /// <exception cref="IOException">The disk is full, or the kernel refuses.</exception>
    internal static void Copy(SafeFileHandle source, SafeFileHandle target)
    {
        var copier = new TreeCopier(target);
        copier.Directory(source, target, []);
        Describe(target, Self, FileNative.Facts(source), isLink: false);
    }

    internal static bool IsEmpty(SafeFileHandle directory) => Names(directory).Count == 0;

    internal static List<byte[]> Names(SafeFileHandle directory)
    {
        // A handle of its own: reading moves the position of the one that others use.
        using var own = ImageNative.TryOpenAt(
            directory, Self, ImageNative.OReadOnly | ImageNative.ODirectory, out var errno);
        Check(errno, Self);
        var names = new List<byte[]>();
        Span<byte> buffer = new byte[ListBytes];
        while (FileNative.ReadNames(own!, buffer, names))
        {
        }

        return names;
    }

    private void Directory(SafeFileHandle from, SafeFileHandle to, byte[][] parents)
    {
        if (parents.Length > MaxDepth)
            throw new IOException($"copying content of the image: more than {MaxDepth} levels of directories");
        foreach (var name in Names(from))
        {
            if (FileNative.TryFacts(from, name, out var errno) is not { } facts)
            {
                Check(errno, name);
                continue;
            }

            switch (facts.Type)
            {
                case FileFacts.Directory:
                    Descend(from, to, name, parents);
                    break;
                case FileFacts.Regular:
                    File(from, to, (name, facts), parents);
                    break;
                case FileFacts.Symlink:
                    var link = FileNative.TryReadLink(from, name, out errno);
                    Check(errno, name);
                    Check(ImageNative.MakeSymlink(to, name, link!), name);
                    break;
                case FileFacts.Fifo:
                    Check(ImageNative.MakeNode(to, name, FileFacts.Fifo | PrivateMode), name);
                    break;
                default:
                    continue;
            }

            Describe(to, name, facts, facts.Type == FileFacts.Symlink);
        }
    }

    private void Descend(SafeFileHandle from, SafeFileHandle to, byte[] name, byte[][] parents)
    {
        Check(ImageNative.MakeDirectory(to, name, PrivateMode), name);
        const int flags = ImageNative.OReadOnly;
        using var source = ImageNative.TryOpenAt(from, name, flags | ImageNative.ODirectory, out var errno);
        Check(errno, name);
        using var target = ImageNative.TryOpenAt(to, name, flags | ImageNative.ODirectory, out errno);
        Check(errno, name);
        Attributes(source!, target!);
        Directory(source!, target!, [.. parents, name]);
    }

    private void File(SafeFileHandle from, SafeFileHandle to, (byte[] Name, FileFacts Facts) file, byte[][] parents)
    {
        var (name, known) = file;
        if (known.Links > 1 && _linked.TryGetValue(known.Inode, out var first))
        {
            Link(first.Parents, first.Leaf, to, name);
            return;
        }

        using var source = ImageNative.TryOpenAt(from, name, ImageNative.OReadOnly | ImageNative.ONonBlock, out var e);
        Check(e, name);
        using var target = ImageNative.TryOpenAt(
            to, name, ImageNative.OWriteOnly | ImageNative.OCreate | ImageNative.OExclusive, out e);
        Check(e, name);
        var offset = 0L;
        for (var n = RandomAccess.Read(source!, _buffer, 0); n > 0; n = RandomAccess.Read(source!, _buffer, offset))
        {
            ImageNative.WriteAll(target!, _buffer.AsSpan(0, n));
            offset += n;
        }

        // Owner before attributes: chown drops file capabilities.
        var facts = FileNative.Facts(source!);
        Check(ImageNative.ChangeOwner(to, name, facts.Uid, facts.Gid), name);
        Attributes(source!, target!);
        if (known.Links > 1)
            _linked[known.Inode] = (parents, name);
    }

    private void Link(byte[][] parents, byte[] leaf, SafeFileHandle to, byte[] name)
    {
        var path = parents.SelectMany(static p => p[..^1].Append((byte)'/')).Append((byte)'.').Append((byte)0);
        using var parent = ImageNative.TryOpenBeneath(
            _target, [.. path], ImageNative.OPath | ImageNative.ODirectory,
            ImageNative.ResolveBeneath | ImageNative.ResolveNoSymlinks, out var errno);
        Check(errno, leaf);
        Check(ImageNative.MakeHardLink(parent!, leaf, to, name), name);
    }

    private static void Attributes(SafeFileHandle from, SafeFileHandle to)
    {
        foreach (var (name, value) in FileNative.UserAttributes(from))
            _ = FileNative.SetAttribute(to, name, value);
        if (FileNative.Attribute(from, Capability) is { } capability)
            _ = FileNative.SetAttribute(to, Capability, capability);
    }

    /// <summary>Owner before mode: chown clears setuid. Times last.</summary>
    private static void Describe(SafeFileHandle dir, byte[] name, FileFacts facts, bool isLink)
    {
        // A file has its owner already: a second chown would drop its capabilities.
        if (facts.Type != FileFacts.Regular)
            Check(ImageNative.ChangeOwner(dir, name, facts.Uid, facts.Gid), name);
        if (!isLink)
            Check(ImageNative.ChangeMode(dir, name, facts.Mode & FileFacts.PermissionMask), name);
        ImageNative.ChangeTimes(dir, name, facts.MtimeSeconds, facts.MtimeNanoseconds);
    }

    private static void Check(int errno, byte[] name)
    {
        if (errno != 0)
            throw ImageNative.Failure("copy content of the image:", NativeName.Show(name), errno);
    }
}
