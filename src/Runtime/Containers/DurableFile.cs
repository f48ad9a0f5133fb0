namespace Swarm.Runtime.Containers;

/// <summary>Replaces a file so that a crash leaves the old or the new content, never a mixture.</summary>
internal static class DurableFile
{
    internal static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            RandomAccess.Write(file, content, 0);
            ContainerNative.SyncFile(file);
        }
        File.Move(temporary, path, overwrite: true);
        ContainerNative.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}
