using Swarm.Runtime.Containers;
using Swarm.Runtime.Tests.Containers;
using Swarm.Runtime.Tests.Images;
using Swarm.Runtime.Volumes;

namespace Swarm.Runtime.Tests.Volumes;

/// <summary>VOL-1…4 of the attack list: each is refused and leaves nothing behind.</summary>
public sealed class VolumeAttackTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>, IDisposable
{
    private const int Swaps = 2000;
    private readonly TempDirectory _temp = new();

    public static TheoryData<string> BadNames =>
    [
        "..", ".", "/", "a/b", "../../etc", "a", "-a", ".hidden", "a b", "a\0b", "a\nb", "é-volume",
        new string('a', 256),
    ];

    public static TheoryData<string, string, string> BadOptions => new()
    {
        { "none", "/", "bind" },
        { "none", "/proc/sys", "bind" },
        { "none", "/dev", "rbind" },
        { "bind", "/sys/fs/cgroup", "" },
        { "none", "/tmp/../etc", "bind" },
        { "none", "etc", "bind" },
        { "none", "/tmp", "" },
        { "ext4", "../dev/sda", "" },
        { "overlay", "overlay", "lowerdir=/etc" },
        { "proc", "proc", "" },
        { "sysfs", "x", "" },
        { "fuse", "x", "" },
        { "tmpfs", "tmpfs", "dev" },
        { "tmpfs", "tmpfs", "remount" },
        { "none", "/tmp", "bind,shared" },
        { "tmpfs", "tmpfs", "size=1m\nx" },
        { "", "/tmp", "bind" },
        { "tmpfs", "", "" },
        { "nfs", ":/x", "vers=3" },
    };

    public void Dispose() => _temp.Dispose();

    [Theory]
    [MemberData(nameof(BadNames))]
    public void Vol1_what_is_no_name_becomes_no_directory(string name)
    {
        var store = Open();
        var refused = Assert.Throws<VolumeException>(() => store.Create(new VolumeSpec { Name = name }));
        Assert.Equal(VolumeErrorKind.Invalid, refused.Kind);
        Assert.DoesNotContain(refused.Message, static c => char.IsControl(c));
        Assert.Throws<VolumeException>(() => store.Attach("c1", [Use(name)], _temp.Sub("image")));
        Assert.Throws<VolumeException>(() => store.Get(name));
        Assert.Throws<VolumeException>(() => store.Remove(name, force: false));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.At("volumes", "all")));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("/etc")]
    [InlineData("a/../../x")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a\0b")]
    public void Vol2_a_subpath_does_not_leave_its_volume(string subpath)
    {
        var store = Open();
        Assert.Throws<VolumeException>(
            () => store.Attach("c1", [Use("data") with { Subpath = subpath }], _temp.Sub("image")));
        Assert.Empty(store.List());
    }

    [Fact]
    public void Vol2_a_link_in_a_subpath_is_refused()
    {
        var store = Open();
        var data = store.Create(new VolumeSpec { Name = "data" }).Mountpoint;
        File.CreateSymbolicLink(data + "/link", "/etc");
        Directory.CreateSymbolicLink(data + "/within", ".");
        foreach (var subpath in (string[])["link", "link/ssl", "within/within"])
        {
            var refused = Assert.Throws<VolumeException>(
                () => store.Attach("c1", [Use("data") with { Subpath = subpath }], _temp.Sub("image")));
            Assert.Contains("symbolic link", refused.Message, StringComparison.Ordinal);
        }

        store.Detach("c1", removeAnonymous: true);
    }

    /// <summary>A container that has the volume swaps a directory for a link while another one is prepared.</summary>
    [Fact]
    public async Task Vol2_a_link_swapped_in_during_the_mount_shows_nothing_outside()
    {
        var store = Open();
        var data = store.Create(new VolumeSpec { Name = "data" }).Mountpoint;
        var outside = _temp.Sub("outside");
        File.WriteAllText(outside + "/secret", "x");
        Directory.CreateDirectory(data + "/part");
        using var stop = new CancellationTokenSource();
        var attacker = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Directory.Move(data + "/part", data + "/away");
                Directory.CreateSymbolicLink(data + "/part", outside);
                File.Delete(data + "/part");
                Directory.Move(data + "/away", data + "/part");
            }
        });
        var image = _temp.Sub("image");
        for (var i = 0; i < Swaps; i++)
        {
            try
            {
                var path = store.Attach("c1", [Use("data") with { Subpath = "part" }], image).Single();
                Assert.Empty(Directory.EnumerateFileSystemEntries(path));
            }
            catch (VolumeException)
            {
                // Nothing, or a link, was there at that moment.
            }
        }

        await stop.CancelAsync();
        await attacker;
        store.Detach("c1", removeAnonymous: true);
        Assert.True(File.Exists(outside + "/secret"));
    }

    [Fact]
    public void Content_of_an_image_is_never_taken_through_a_link_that_leads_out()
    {
        var store = Open();
        var image = _temp.Sub("image");
        var outside = _temp.Sub("outside");
        File.WriteAllText(outside + "/secret", "x");
        Directory.CreateSymbolicLink(image + "/data", outside);
        Directory.CreateSymbolicLink(image + "/up", "../outside");
        foreach (var target in (string[])["/data", "/up"])
        {
            var use = new VolumeUse { Volume = new VolumeSpec(), Target = target };
            var path = store.Attach("c1", [use], image).Single();
            Assert.Empty(Directory.EnumerateFileSystemEntries(path));
            store.Detach("c1", removeAnonymous: true);
        }
    }

    /// <summary>The log is in a directory that no container reaches, whatever links its volume has.</summary>
    [Fact]
    public async Task Vol3_a_container_cannot_put_anything_in_the_place_of_its_log()
    {
        var store = Open();
        var spec = fixture.Shell("ln -s / /data/up; echo said; ls /data/up/data/../../data");
        var path = store.Attach(spec.Id, [Use("data")], spec.RootfsPath).Single();
        var (_, output) = await fixture.RunAsync(spec with
        {
            Mounts = [new ContainerMount { Kind = ContainerMountKind.Bind, Source = path, Target = "/data" }],
        });
        Assert.StartsWith("said", output, StringComparison.Ordinal);
        var logs = $"{fixture.Root}/data/containers/{spec.Id}/logs";
        Assert.All(Directory.EnumerateFiles(logs), f => Assert.Null(new FileInfo(f).LinkTarget));
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(owner, File.GetUnixFileMode(logs));
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        store.Detach(spec.Id, removeAnonymous: true);
    }

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Vol4_options_reach_for_no_part_of_the_host_that_containers_must_not_have(
        string type, string device, string o)
    {
        var options = new Dictionary<string, string> { ["type"] = type, ["device"] = device, ["o"] = o };
        var store = Open();
        try
        {
            store.Create(new VolumeSpec { Name = "bad", Options = options });
        }
        catch (VolumeException e) when (e.Kind == VolumeErrorKind.Invalid)
        {
            Assert.Empty(store.List());
            return;
        }

        // What only the mount itself can tell.
        Assert.Throws<VolumeException>(() => store.Attach("c1", [Use("bad")], _temp.Sub("image")));
        store.Detach("c1", removeAnonymous: true);
    }

    private static VolumeUse Use(string name) => new() { Volume = new VolumeSpec { Name = name }, Target = "/data" };

    private VolumeStore Open() => VolumeStore.Open(_temp.At("volumes"), static _ => { }, TimeProvider.System);
}
