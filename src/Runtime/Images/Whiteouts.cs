using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// Deletions: <c>.wh.name</c> says that a name of the layers below is gone, <c>.wh..wh..opq</c> that a whole
/// directory's contents are (OCI image specification, layer.md). Overlayfs says the same by a character device 0:0 and
/// an attribute.
/// </summary>
internal static class Whiteouts
{
    private static readonly byte[] s_opaqueAttribute = "trusted.overlay.opaque\0"u8.ToArray();

    private static ReadOnlySpan<byte> Prefix => ".wh."u8;

    private static ReadOnlySpan<byte> OpaqueName => ".wh..wh..opq\0"u8;

    internal static bool Is(EntryPath path) => path.Leaf.AsSpan().StartsWith(Prefix);

    /// <summary>Why the path cannot be: null when it can.</summary>
    internal static string? Refusal(EntryPath path)
    {
        if (path.Names.AsSpan(0, path.Names.Length - 1).ToArray().Any(n => n.AsSpan().StartsWith(Prefix)))
            return "a whiteout is not a directory";
        if (!Is(path) || path.Leaf.AsSpan().SequenceEqual(OpaqueName))
            return null;
        var hidden = path.Leaf.AsSpan(Prefix.Length)[..^1];
        return hidden.IsEmpty || hidden.SequenceEqual("."u8) || hidden.SequenceEqual(".."u8)
            || hidden.StartsWith(Prefix)
            ? "it is no name that a whiteout can hide"
            : null;
    }

    internal static void Apply(SafeFileHandle parent, EntryPath path)
    {
        if (path.Leaf.AsSpan().SequenceEqual(OpaqueName))
        {
            MakeOpaque(parent, path);
            return;
        }

        var hidden = path.Leaf[Prefix.Length..];
        switch (FileNative.TryFacts(parent, hidden, out _))
        {
            case null:
                if (ImageNative.MakeNode(parent, hidden, FileFacts.CharacterDevice) is var errno and not 0)
                    throw ImageNative.Failure("make a whiteout for", path.Shown, errno);
                break;
            case { IsDirectory: true }:
                // A whiteout never hides what its own layer brings, only what is below.
                using (var own = ImageNative.TryOpenAt(
                    parent, hidden, ImageNative.OReadOnly | ImageNative.ODirectory, out var e))
                    MakeOpaque(own ?? throw ImageNative.Failure("open", path.Shown, e), path);
                break;
            default:
                break;
        }
    }

    internal static void MakeOpaque(SafeFileHandle directory, EntryPath path)
    {
        if (FileNative.SetAttribute(directory, s_opaqueAttribute, "y"u8) is var errno and not 0)
            throw ImageNative.Failure("mark as opaque", path.Shown, errno);
    }

    internal static bool IsOpaque(SafeFileHandle directory) =>
        FileNative.HasAttribute(directory, s_opaqueAttribute, "y"u8);
}
