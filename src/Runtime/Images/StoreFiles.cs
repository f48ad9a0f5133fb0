using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>Files and directories of the image store: private to root, and on the disk when a call returns.</summary>
internal static class StoreFiles
{
    private const UnixFileMode PrivateDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    internal static void MakePrivateDirectory(string path) => Directory.CreateDirectory(path, PrivateDirectory);

    /// <summary>A new private file for writing.</summary>
    internal static SafeFileHandle Create(string path)
    {
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        File.SetUnixFileMode(file, PrivateFile);
        return file;
    }

    /// <summary>A private file that may have been begun before; nobody else has it open.</summary>
    internal static SafeFileHandle OpenOrCreate(string path)
    {
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        File.SetUnixFileMode(file, PrivateFile);
        return file;
    }

    /// <summary>Replaces a file whole or not at all, through a temporary directory of the same file system.</summary>
    internal static void WriteDurably(string path, ReadOnlySpan<byte> content, string temporaryDirectory)
    {
        var temporary = Path.Combine(temporaryDirectory, Path.GetRandomFileName());
        using (var file = Create(temporary))
        {
            RandomAccess.Write(file, content, 0);
            ImageNative.Sync(file, temporary);
        }

        MoveDurably(temporary, path);
    }

    /// <summary>Renames a file or directory and makes the new name durable.</summary>
    internal static void MoveDurably(string from, string to)
    {
        if (Directory.Exists(from))
            Directory.Move(from, to);
        else
            File.Move(from, to, overwrite: true);
        using var parent = ImageNative.OpenDirectory(Path.GetDirectoryName(to)!);
        ImageNative.Sync(parent, to);
    }
}
