using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

public sealed class TreeRemoverTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Deep_odd_and_linked_trees_go_and_nothing_else()
    {
        _temp.Sub("outside");
        File.WriteAllText(_temp.At("outside", "victim"), "");
        _temp.Sub("tree");
        TestTools.Run("/bin/sh", "-c",
            "cd \"$0\" && printf x > \"$(printf 'bad\\377name')\" && ln -s ../outside link && mkfifo pipe && mknod "
                + "dev c 0 0 && chmod 0 pipe",
            _temp.At("tree"));
        // Deeper than any path can say: made by walking down.
        using (var top = ImageNative.OpenDirectory(_temp.At("tree")))
        {
            var current = top;
            for (var i = 0; i < 5000; i++)
            {
                Assert.Equal(0, ImageNative.MakeDirectory(current, NativeName.Of("deeper"), 0x1C0));
                var next = ImageNative.TryOpenAt(current, NativeName.Of("deeper"), ImageNative.ODirectory, out _)!;
                if (current != top)
                    current.Dispose();
                current = next;
            }

            current.Dispose();
        }

        TreeRemover.Remove(_temp.At("tree"));
        Assert.False(Directory.Exists(_temp.At("tree")));
        Assert.True(File.Exists(_temp.At("outside", "victim")));
        TreeRemover.Remove(_temp.At("tree"));
        TreeRemover.Remove(_temp.At("no", "such"));
    }
}
