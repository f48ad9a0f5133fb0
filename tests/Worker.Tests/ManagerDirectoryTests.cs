namespace Swarm.Worker.Tests;

public sealed class ManagerDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swarm-directory-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The leader's list begins with the leader: it is the last to try when it falls silent.</summary>
    [Fact]
    public void The_manager_that_fell_silent_is_not_the_next_one_to_try()
    {
        var directory = New("a:1", "b:1");
        directory.Replace(["a:1", "b:1", "c:1"]);
        directory.Avoid("a:1");
        Assert.Equal(["b:1", "c:1", "a:1"], Enumerable.Range(0, 3).Select(_ => directory.Next()));
    }

    [Fact]
    public void One_that_would_not_be_next_changes_nothing()
    {
        var directory = New("a:1", "b:1");
        directory.Avoid("b:1");
        Assert.Equal("a:1", directory.Next());
    }

    [Fact]
    public void The_only_one_is_tried_again()
    {
        var directory = New("a:1");
        directory.Avoid("a:1");
        Assert.Equal("a:1", directory.Next());
    }

    private ManagerDirectory New(params string[] addresses)
    {
        var directory = new ManagerDirectory(Path.Combine(_folder, "managers"));
        directory.Replace(addresses);
        return directory;
    }
}
