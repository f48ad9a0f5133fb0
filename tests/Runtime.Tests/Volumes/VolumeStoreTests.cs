using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Tests.Images;
using Swarm.Runtime.Volumes;

namespace Swarm.Runtime.Tests.Volumes;

/// <summary>Volumes of a node: made, used, removed, over restarts.</summary>
public sealed class VolumeStoreTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private VolumeStore _store;

    public VolumeStoreTests() => _store = Open();

    private string Image => _temp.Sub("image");

    public void Dispose()
    {
        foreach (var mount in File.ReadAllLines("/proc/self/mounts").Select(l => l.Split(' ')[1])
            .Where(m => m.StartsWith(_temp.Path, StringComparison.Ordinal)).Reverse())
        {
            _ = MountNative.Unmount(mount);
        }

        _temp.Dispose();
    }

    [Fact]
    public void A_volume_and_what_is_in_it_are_there_after_a_restart()
    {
        var made = _store.Create(Spec("data", ("a", "b")));
        File.WriteAllText(made.Mountpoint + "/x", "kept");
        _store = Open();
        var found = _store.Get("data");
        Assert.Equal((made.Mountpoint, made.CreatedAt), (found.Mountpoint, found.CreatedAt));
        Assert.Equal("b", found.Labels["a"]);
        Assert.Equal("kept", File.ReadAllText(found.Mountpoint + "/x"));
        Assert.Equal(4u, _store.SizeOf("data"));
    }

    [Fact]
    public void The_same_again_is_no_error_and_another_of_the_name_is()
    {
        _store.Create(Spec("data", ("a", "b")));
        _store.Create(Spec("data", ("a", "b")));
        _store.Create(new VolumeSpec { Name = "data" });
        var refused = Assert.Throws<VolumeException>(() => _store.Create(Spec("data", ("a", "c"))));
        Assert.Equal(VolumeErrorKind.Conflict, refused.Kind);
    }

    [Fact]
    public void One_that_is_used_cannot_be_removed_and_the_users_are_named()
    {
        _store.NameOf = id => "web.1." + id;
        Attach("c1", Use("data", "/d"));
        Attach("c2", Use("data", "/d"));
        var refused = Assert.Throws<VolumeException>(() => _store.Remove("data", force: true));
        Assert.Equal(VolumeErrorKind.InUse, refused.Kind);
        Assert.Contains("in use by web.1.c1, web.1.c2", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_store.Prune(_ => true).Names);
        _store = Open();
        Assert.Throws<VolumeException>(() => _store.Remove("data", force: false));
        _store.Detach("c1", removeAnonymous: true);
        _store.Detach("c2", removeAnonymous: true);
        Assert.Equal("data", _store.Get("data").Name);
        _store.Remove("data", force: false);
        Assert.Throws<VolumeException>(() => _store.Get("data"));
        Assert.Throws<VolumeException>(() => _store.Remove("data", force: false));
        _store.Remove("data", force: true);
    }

    [Fact]
    public void Anonymous_ones_are_found_again_and_go_with_their_container()
    {
        var paths = Attach("c1", Use("", "/d"), Use("", "/e"));
        Assert.Equal(2, paths.Distinct().Count());
        _store = Open();
        Assert.Equal(paths, Attach("c1", Use("", "/d"), Use("", "/e")));
        Assert.All(_store.List(), v => Assert.True(v.IsAnonymous));
        _store.Detach("c1", removeAnonymous: true);
        Assert.Empty(_store.List());
        Attach("c2", Use("", "/d"));
        _store.Detach("c2", removeAnonymous: false);
        Assert.Single(_store.Prune(v => v.IsAnonymous).Names);
    }

    [Fact]
    public void What_a_crash_left_behind_goes_at_the_next_start()
    {
        Attach("gone", Use("data", "/d"), Use("", "/e"));
        Attach("there", Use("data", "/d"));
        _store = Open();
        _store.DetachAllBut(["there"]);
        Assert.Equal(["there"], Assert.Single(_store.List()).UsedBy);
    }

    [Fact]
    public void An_empty_volume_gets_what_the_image_has_once()
    {
        File.WriteAllText(Path.Combine(_temp.Sub("image/d"), "f"), "image");
        File.SetUnixFileMode(_temp.At("image", "d"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var path = Attach("c1", Use("data", "/d")).Single();
        Assert.Equal("image", File.ReadAllText(path + "/f"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        File.WriteAllText(path + "/f", "mine");
        Assert.Equal("mine", File.ReadAllText(Attach("c2", Use("data", "/d")).Single() + "/f"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(
            Attach("c3", Use("bare", "/d") with { NoCopy = true }).Single()));
    }

    [Fact]
    public void A_tmpfs_volume_is_mounted_while_it_is_used()
    {
        var use = new VolumeUse { Volume = Tmpfs("mem", "size=1m,mode=0750"), Target = "/d" };
        var path = Attach("c1", use).Single();
        Assert.Contains($"{path} tmpfs rw,nosuid,nodev", Mounts(), StringComparison.Ordinal);
        Assert.Contains("size=1024k,mode=750", Mounts(), StringComparison.Ordinal);
        Attach("c2", use);
        _store = Open();
        _store.Detach("c1", removeAnonymous: true);
        Assert.Contains(path, Mounts(), StringComparison.Ordinal);
        _store.Detach("c2", removeAnonymous: true);
        Assert.DoesNotContain(path, Mounts(), StringComparison.Ordinal);
        _store.Remove("mem", force: false);
    }

    [Fact]
    public void A_directory_of_the_host_can_be_a_volume()
    {
        var host = _temp.Sub("host");
        File.WriteAllText(host + "/f", "host");
        _store.Create(new VolumeSpec { Name = "here", Options = Options("none", host, "bind,ro") });
        var path = Attach("c1", Use("here", "/d")).Single();
        Assert.Equal("host", File.ReadAllText(path + "/f"));
        Assert.Throws<IOException>(() => File.WriteAllText(path + "/f", "x"));
        _store.Detach("c1", removeAnonymous: true);
        Assert.Equal("host", File.ReadAllText(host + "/f"));
    }

    [Fact]
    public void What_cannot_be_mounted_says_why()
    {
        var options = Options("nfs", ":/export", "addr=127.0.0.1,soft,timeo=5");
        _store.Create(new VolumeSpec { Name = "far", Options = options });
        var refused = Assert.Throws<VolumeException>(() => Attach("c1", Use("far", "/d")));
        Assert.Matches(
            "^volume far: (this kernel has no file system \"nfs\"|mount :/export as nfs: )", refused.Message);
        _store.Detach("c1", removeAnonymous: true);
        _store.Remove("far", force: false);
    }

    [Fact]
    public void A_part_of_a_volume_is_mounted_by_its_handle()
    {
        var volume = _store.Create(new VolumeSpec { Name = "data" });
        Directory.CreateDirectory(volume.Mountpoint + "/a/b");
        File.WriteAllText(volume.Mountpoint + "/a/b/f", "part");
        var path = Attach("c1", Use("data", "/d") with { Subpath = "a/b" }).Single();
        Assert.Equal("part", File.ReadAllText(path + "/f"));
        var file = Attach("c2", Use("data", "/d") with { Subpath = "a/b/f" }).Single();
        Assert.Equal("part", File.ReadAllText(file));
        Assert.Contains(
            "No such file", Assert.Throws<VolumeException>(
                () => Attach("c3", Use("data", "/d") with { Subpath = "nowhere" })).Message, StringComparison.Ordinal);
        foreach (var container in (string[])["c1", "c2", "c3"])
            _store.Detach(container, removeAnonymous: true);
        Assert.DoesNotContain(_temp.Path, Mounts(), StringComparison.Ordinal);
        Assert.Equal("part", File.ReadAllText(volume.Mountpoint + "/a/b/f"));
    }

    private static string Mounts() => File.ReadAllText("/proc/self/mounts");

    private static Dictionary<string, string> Options(string type, string device, string o) =>
        new() { ["type"] = type, ["device"] = device, ["o"] = o };

    private static VolumeSpec Tmpfs(string name, string o) =>
        new() { Name = name, Options = Options("tmpfs", "tmpfs", o) };

    private static VolumeSpec Spec(string name, params (string Key, string Value)[] labels) =>
        new() { Name = name, Labels = labels.ToDictionary(l => l.Key, l => l.Value) };

    private static VolumeUse Use(string name, string target) =>
        new() { Volume = new VolumeSpec { Name = name }, Target = target };

    private VolumeStore Open() => VolumeStore.Open(_temp.At("volumes"), static _ => { }, TimeProvider.System);

    private IReadOnlyList<string> Attach(string holder, params VolumeUse[] uses) => _store.Attach(holder, uses, Image);
}
