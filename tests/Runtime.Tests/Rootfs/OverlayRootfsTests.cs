using System.Text;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Tests.Images;

namespace Swarm.Runtime.Tests.Rootfs;

public sealed class OverlayRootfsTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly List<string> _tasks = [];

    public void Dispose()
    {
        _tasks.ForEach(OverlayRootfs.Unmount);
        _temp.Dispose();
    }

    private string Mount(LocalImage image, string task = "task")
    {
        var directory = _temp.At(task);
        _tasks.Add(directory);
        return OverlayRootfs.Mount(directory, image);
    }

    private LocalImage Layers(int count)
    {
        var directories = Enumerable.Range(0, count).Select(i => _temp.Sub(Path.Combine("layers", $"{i:x64}", "diff")))
            .ToList();
        for (var i = 0; i < count; i++)
        {
            File.WriteAllText(Path.Combine(directories[i], $"f{i}"), $"{i}");
            File.WriteAllText(Path.Combine(directories[i], "top"), $"{i}");
        }

        return new LocalImage(ImageDigest.Of([]), new ImageConfig(), directories);
    }

    [Fact]
    public void Five_hundred_layers_fit()
    {
        var root = Mount(Layers(OverlayRootfs.MaxLayers));
        Assert.Equal(OverlayRootfs.MaxLayers + 1, Directory.GetFiles(root).Length);
        Assert.Equal("499", File.ReadAllText(Path.Combine(root, "top")));
        Assert.Equal(ImageErrorKind.TooLarge, Assert.Throws<ImageException>(() => Mount(Layers(501), "more")).Kind);
    }

    [Fact]
    public void An_image_without_layers_is_an_empty_root()
    {
        var root = Mount(Layers(0));
        Assert.Empty(Directory.EnumerateFileSystemEntries(root));
        File.WriteAllText(Path.Combine(root, "x"), "");
    }

    [Fact]
    public void Img10_containers_do_not_write_into_the_image_or_each_other()
    {
        var image = Layers(2);
        var one = Mount(image, "one");
        var two = Mount(image, "two");
        File.WriteAllText(Path.Combine(one, "f0"), "changed");
        File.Delete(Path.Combine(one, "f1"));
        Assert.Equal("0", File.ReadAllText(Path.Combine(two, "f0")));
        Assert.Equal("1", File.ReadAllText(Path.Combine(two, "f1")));
        Assert.Equal("0", File.ReadAllText(Path.Combine(image.LayerDirectories[0], "f0")));
    }

    [Fact]
    public void A_second_mount_of_the_same_task_is_the_first()
    {
        var image = Layers(1);
        var root = Mount(image);
        File.WriteAllText(Path.Combine(root, "kept"), "");
        Assert.Equal(root, Mount(image));
        Assert.True(File.Exists(Path.Combine(root, "kept")));
        Assert.Single(File.ReadAllLines("/proc/self/mountinfo"), l =>
            l.Contains($" {root} ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_task_mounted_many_times_at_once_is_mounted_once()
    {
        var image = Layers(3);
        _tasks.Add(_temp.At("task"));
        Parallel.For(0, 20, _ => OverlayRootfs.Mount(_temp.At("task"), image));
        var mounts = File.ReadAllLines("/proc/self/mountinfo");
        Assert.Single(mounts, l => l.Contains(_temp.At("task"), StringComparison.Ordinal));
    }

    [Fact]
    public void Unmount_can_be_repeated_and_removes_everything()
    {
        var root = Mount(Layers(1));
        TestTools.Run("/bin/sh", "-c",
            "cd \"$0\" && printf x > \"$(printf 'bad\\377name')\" && mkdir -p a/b && chmod 0 a", root);
        OverlayRootfs.Unmount(_temp.At("task"));
        OverlayRootfs.Unmount(_temp.At("task"));
        OverlayRootfs.Unmount(_temp.At("never"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.At("task")));
        Assert.DoesNotContain(root, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Mount(Layers(1));
    }

    [Fact]
    public void The_working_directory_of_the_process_stays()
    {
        var before = Environment.CurrentDirectory;
        Mount(Layers(1));
        Assert.Equal(before, Environment.CurrentDirectory);
        Assert.Equal(before, new FileInfo("/proc/self/cwd").ResolveLinkTarget(true)!.FullName);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_tree_is_the_one_that_umoci_unpacks(bool docker)
    {
        await using var registry = await DebianRegistry.StartAsync(_temp);
        var image = TestImage.Build(
            [
                new TestTar().Directory("./", mtime: 500).Directory("tmp", 0x3FF, mtime: 77)
                    .Directory("etc", 0x1E8, 10, 20)
                    .File("etc/passwd", "root:x:0:0::/:\n").File("etc/gone").Directory("opq").File("opq/old")
                        .Directory("del").File("del/x")
                    .File("bin/su", "su", mode: 0x9ED, uid: 0, gid: 42).Directory("swap").File("swap/x")
                        .Symlink("link", "etc").Bytes(),
                new TestTar().File("tmp/x", "in tmp").Directory("etc", 0x1E8, 10, 20, mtime: 900)
                    .File("etc/.wh.gone", "")
                    .Directory("opq").File("opq/.wh..wh..opq", "").File("opq/new").File(".wh.del", "")
                    .Directory("d", 0x1C0, 7, 7).File("d/a", "same").HardLink("d/b", "d/a")
                        .Symlink("d/s", "../etc/passwd").Bytes(),
                new TestTar().Symlink("swap", "d").Directory("link").File("link/y").File("opq/newer", "n")
                    .Pax(("path", "d/ünï"), ("mtime", "5.25")).File("z", "pax", uid: 5).Node("d/fifo", '6').Bytes(),
            ],
            TestTar.Gzip, docker: docker);
        var reference = await registry.PushAsync(image, "demo/web", "1");
        await using var store = ImageStore.Open(_temp.At("store"), registry.Options, _ => { });
        Assert.Equal(reference.ToString(),
            (await store.ResolveAsync(ImageReference.Parse($"{registry.Host}/demo/web:1"), default)).Canonical);
        var root = Mount(await store.EnsureAsync(reference, null, CancellationToken.None));

        TestTools.Run("skopeo", "copy", "-q", "--src-tls-verify=false", $"docker://{registry.Host}/demo/web:1",
            $"oci:{_temp.At("oci")}:1");
        TestTools.Run("umoci", "unpack", "--image", $"{_temp.At("oci")}:1", _temp.At("bundle"));
        Assert.Equal(Comparable(_temp.At("bundle", "rootfs")), Comparable(root));
    }

    /// <summary>
    /// Times of directories are left out: umoci changes those of parents that a later layer writes into.
    /// </summary>
    private static string Comparable(string directory)
    {
        var lines = TestTools.Listing(directory).Split('\n')
            .Select(l => l.Split(' ') is [_, "d", ..] parts ? string.Join(' ', parts[..^1]) : l);
        return string.Join('\n', lines);
    }

    [Fact]
    public async Task Directories_that_a_layer_only_implies_keep_owner_and_mode()
    {
        using var registry = new FakeRegistry();
        var image = TestImage.Of(
            new TestTar().Directory("./", 0x1ED, 3, 4, mtime: 50).Directory("tmp", 0x3FF, mtime: 60)
                .Directory("a", 0x1C0, 1, 1)
                .Directory("a/b", 0x1E8, 2, 2).Directory("gone", 0x1C0).Bytes(),
            new TestTar().Directory("a", 0x1E0, 9, 9).File("a/b/file").File("tmp/x").File(".wh.gone", "").Bytes(),
            new TestTar().File("a/b/c/d").File("gone/new").Bytes());
        await using var store = ImageStore.Open(_temp.At("store"), registry.Options, _ => { });
        var root = Mount(await store.EnsureAsync(registry.Serve(image), null, CancellationToken.None));
        var listing = TestTools.Listing(root);
        Assert.Contains(". d 755 3:4 50.0", listing, StringComparison.Ordinal);
        Assert.Contains("./tmp d 1777 0:0 60.0", listing, StringComparison.Ordinal);
        Assert.Contains("./a d 740 9:9", listing, StringComparison.Ordinal);
        Assert.Contains("./a/b d 750 2:2", listing, StringComparison.Ordinal);
        Assert.Contains("./a/b/c/d f", listing, StringComparison.Ordinal);
        Assert.Contains("./gone d 755 0:0", listing, StringComparison.Ordinal);
        Assert.Contains("./gone/new f", listing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equal_layers_are_mounted_once()
    {
        using var registry = new FakeRegistry();
        var empty = new TestTar().Bytes();
        var image = TestImage.Of(empty, new TestTar().File("x").Bytes(), empty);
        await using var store = ImageStore.Open(_temp.At("store"), registry.Options, _ => { });
        var local = await store.EnsureAsync(registry.Serve(image), null, CancellationToken.None);
        Assert.Equal(2, local.LayerDirectories.Count);
        Assert.True(File.Exists(Path.Combine(Mount(local), "x")));
    }
}
