namespace Swarm.Security;

/// <summary>Replaces a small file (0600) as a whole, or not at all.</summary>
public static class PrivateFile
{
    private const UnixFileMode Mode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>When this returns, the content is on the disk under that name.</summary>
    /// <exception cref="IOException">What was there before may still be.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = Mode600,
            BufferSize = 0,
        };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            Native.Sync(file.SafeFileHandle, temporary);
        }

        File.Move(temporary, path, overwrite: true);
        Native.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>What is wrong with the mode of a file that holds keys; empty when only the owner can read it.</summary>
    internal static string ModeFault(string path)
    {
        var mode = File.GetUnixFileMode(path);
        return (mode & ~Mode600) == 0
            ? ""
            : $"{path} has mode {Convert.ToString((int)mode, 8)}, others may have read the keys in it: 'chmod 600 "
                + $"{path}', and if others use this host, leave and join again to get new keys";
    }
}
