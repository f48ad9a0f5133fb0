using Swarm.Runtime.Containers;
using Swarm.Runtime.Tests.Containers;
using Swarm.Runtime.Tests.Images;
using Swarm.Runtime.Volumes;

namespace Swarm.Runtime.Tests.Volumes;

/// <summary>VOL-4: what of the host a container may mount.</summary>
public sealed class HostPathTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>, IDisposable
{
    private const int Swaps = 1000;
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Vol4_without_a_list_the_kernels_files_and_the_daemons_own_are_refused()
    {
        var own = _temp.Sub("daemon");
        var link = _temp.At("link-to-own");
        Directory.CreateSymbolicLink(link, own);
        Directory.CreateSymbolicLink(_temp.At("link-to-proc"), "/proc/sys");
        Directory.CreateDirectory(own + "/keys");
        var store = Open(new HostPaths(null, [link]));
        string[] bad =
        [
            "/", "/proc", "/proc/sys", "/sys", "/dev", "/dev/mem", own, own + "/keys", _temp.Path, link,
            _temp.At("link-to-proc"), _temp.At("no", "such"), $"{_temp.Path}/../{Path.GetFileName(_temp.Path)}/daemon",
        ];
        foreach (var path in bad)
        {
            var refused = Assert.Throws<VolumeException>(() => store.Host.Attach("c1", [(path, true)]));
            Assert.DoesNotContain('\n', refused.Message);
        }

        Assert.Single(store.Host.Attach("c1", [(_temp.Sub("fine"), true)]));
        store.Detach("c1", removeAnonymous: true);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.At("volumes", "host")));
    }

    [Fact]
    public void Vol4_with_a_list_only_what_is_on_it_also_through_links_and_volume_options()
    {
        var (allowed, other) = (_temp.Sub("allowed"), _temp.Sub("allowed-not"));
        Directory.CreateDirectory(allowed + "/deep");
        Directory.CreateSymbolicLink(allowed + "/out", other);
        Directory.CreateSymbolicLink(allowed + "/within", "deep");
        var store = Open(new HostPaths([allowed], []));
        Assert.Equal(3, store.Host.Attach(
            "c1", [(allowed, true), (allowed + "/deep", false), (allowed + "/within", true)]).Count);
        foreach (var path in (string[])[other, allowed + "/out", "/etc", _temp.Path])
        {
            var refused = Assert.Throws<VolumeException>(() => store.Host.Attach("c2", [(path, true)]));
            Assert.Contains("--allow-mount", refused.Message, StringComparison.Ordinal);
        }

        var options = new Dictionary<string, string> { ["type"] = "none", ["o"] = "bind", ["device"] = other };
        store.Create(new VolumeSpec { Name = "out", Options = options });
        options = new(options) { ["device"] = "/dev/vda", ["type"] = "ext4", ["o"] = "" };
        store.Create(new VolumeSpec { Name = "disk", Options = options });
        foreach (var name in (string[])["out", "disk"])
        {
            var use = new VolumeUse { Volume = new VolumeSpec { Name = name }, Target = "/data" };
            var refused = Assert.Throws<VolumeException>(() => store.Attach("c2", [use], _temp.Sub("image")));
            Assert.Contains("--allow-mount", refused.Message, StringComparison.Ordinal);
            store.Detach("c2", removeAnonymous: true);
        }

        store.Detach("c1", removeAnonymous: true);
        Assert.Throws<VolumeException>(
            () => Open(new HostPaths([], [])).Host.Attach("c1", [(allowed, true)]));
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/a/../b")]
    [InlineData("/a/")]
    public void What_is_no_clean_path_cannot_be_on_the_list(string path) =>
        Assert.Throws<FormatException>(() => new HostPaths([path], []));

    /// <summary>A container that may write there swaps a directory for a link while another one is prepared.</summary>
    [Fact]
    public async Task Vol4_a_link_swapped_in_meanwhile_shows_nothing_else()
    {
        var (allowed, outside) = (_temp.Sub("allowed"), _temp.Sub("outside"));
        File.WriteAllText(outside + "/secret", "x");
        Directory.CreateDirectory(allowed + "/part");
        Directory.CreateSymbolicLink(allowed + "/link", outside);
        var store = Open(new HostPaths([allowed], []));
        using var stop = new CancellationTokenSource();
        var attacker = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                ContainerDescriptor.Exchange(allowed + "/part", allowed + "/link");
            }
        });
        var mounted = 0;
        attacker.Start();
        try
        {
            for (var i = 0; i < Swaps; i++)
                mounted += TryMount(store, allowed + "/part") ? 1 : 0;
        }
        finally
        {
            await stop.CancelAsync();
            attacker.Join();
        }

        Assert.True(mounted > 0);
        store.Detach("c1", removeAnonymous: true);
    }

    [Fact]
    public async Task A_container_has_what_is_held_for_it_and_what_is_mounted_below_stays_on_the_host()
    {
        var source = _temp.Sub("source");
        TestTools.Run("mount", "-t", "tmpfs", "tmpfs", source);
        TestTools.Run("mount", "--make-shared", source);
        Directory.CreateDirectory(source + "/below");
        TestTools.Run("mount", "-t", "tmpfs", "tmpfs", source + "/below");
        try
        {
            var store = Open(HostPaths.Usual);
            File.WriteAllText(source + "/below/f", "word");
            var spec = fixture.Shell("cat /data/below/f; echo x > /data/g");
            var place = store.Host.Attach(spec.Id, [(source, true)]).Single();
            var (_, output) = await fixture.RunAsync(spec with
            {
                Mounts =
                [
                    new ContainerMount
                    {
                        Kind = ContainerMountKind.Bind, Source = source, HeldAt = place, Target = "/data",
                    },
                ],
            });
            Assert.Equal("word\n", output);
            Assert.True(File.Exists(source + "/g"));
            // A second store is what a restarted daemon has.
            Open(HostPaths.Usual).DetachAllBut([]);
            Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.At("volumes", "host")));
            Assert.True(File.Exists(source + "/below/f"), "the host's own mount has gone");
        }
        finally
        {
            TestTools.Run("umount", "-R", source);
        }
    }

    /// <summary>False when the link was there at that moment; else it is the directory, and nothing else.</summary>
    private static bool TryMount(VolumeStore store, string path)
    {
        try
        {
            var place = store.Host.Attach("c1", [(path, true)]).Single();
            Assert.Empty(Directory.EnumerateFileSystemEntries(place));
            return true;
        }
        catch (VolumeException)
        {
            return false;
        }
    }

    private VolumeStore Open(HostPaths paths) =>
        VolumeStore.Open(_temp.At("volumes"), static _ => { }, TimeProvider.System, new VolumeWalls { Paths = paths });
}
