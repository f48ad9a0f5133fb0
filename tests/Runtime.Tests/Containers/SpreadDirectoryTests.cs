namespace Swarm.Runtime.Tests.Containers;

public sealed class SpreadDirectoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("spread").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Where the file system knows no such mark, it is enough that the directory is there.</summary>
    [Fact]
    public void A_directory_of_many_trees_is_private_and_marked_again_and_again()
    {
        var path = Path.Combine(_root, "a", "containers");
        var marked = SpreadDirectory.Make(path);
        Assert.Equal(marked, SpreadDirectory.Make(path));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.Equal(marked, SpreadDirectory.IsMarked(path) ?? false);
        Assert.Throws<IOException>(() => SpreadDirectory.IsMarked(Path.Combine(_root, "missing")));
    }
}
