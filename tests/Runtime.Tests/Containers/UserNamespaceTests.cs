using System.Text;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Tests.Images;
using Swarm.Runtime.Volumes;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>Containers whose root is nobody on the host: everything that they have works all the same.</summary>
public sealed class UserNamespaceTests(UserNamespaceFixture remapped)
    : IClassFixture<UserNamespaceFixture>, IDisposable
{
    private const uint Root = 200_000;
    private readonly TempDirectory _temp = new();
    private readonly ContainerFixture _containers = remapped.Containers;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Its_root_is_nobody_on_the_host_and_the_image_stays_as_it_is()
    {
        var spec = remapped.Shell(
            "id -u; busybox stat -c %u:%g /bin/busybox /own; busybox awk '{print $2}' /proc/self/uid_map; touch /made; "
            + "busybox chown 7:8 /own; busybox stat -c %u:%g /own; while :; do sleep 1; done");
        await _containers.StartAsync(spec);
        await ContainerFixture.UntilAsync(() => _containers.OutputAsync(spec.Id).Result.Contains("7:8"));
        Assert.Equal($"0\n0:0\n1000:1001\n{Root}\n7:8\n", await _containers.OutputAsync(spec.Id));
        var pid = _containers.Runtime.Find(spec.Id)!.Pid;
        Assert.Contains($"Uid:\t{Root}\t{Root}", await File.ReadAllTextAsync($"/proc/{pid}/status"), S);
        Assert.Equal($"{Root}:{Root}", OwnerOf(spec.RootfsPath + "/made"));
        Assert.Equal("1000:1001", OwnerOf(remapped.Layer + "/own"));
        Assert.False(File.Exists(remapped.Layer + "/made"));
    }

    [Fact]
    public async Task What_is_roots_on_the_host_is_not_its_roots()
    {
        var host = _temp.Sub("host");
        File.SetUnixFileMode(_temp.Path, (UnixFileMode)0x1ED);
        await File.WriteAllTextAsync(host + "/secret", "HOST");
        File.SetUnixFileMode(host + "/secret", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var spec = remapped.Shell(
            "cat /data/secret; touch /data/x; busybox chown 0:0 /data/secret; busybox chmod 777 /data; "
            + "echo x > /proc/sys/kernel/core_pattern; busybox mknod /tmp/d b 254 0; echo end") with
        {
            Mounts = [Bind(host, "/data")], CapAdd = ["ALL"],
        };
        var (_, output) = await _containers.RunAsync(spec);
        Assert.Contains("end\n", output, S);
        Assert.DoesNotContain("HOST", output, S);
        Assert.Equal([host + "/secret"], Directory.GetFileSystemEntries(host));
    }

    [Fact]
    public async Task Volumes_secrets_and_memory_belong_to_its_users()
    {
        var store = VolumeStore.Open(
            _temp.At("volumes"), static _ => { }, TimeProvider.System,
            new VolumeWalls { UserRange = UserNamespaceFixture.Range });
        UserNamespaceFixture.Range.LetThrough(_temp.Path);
        var spec = remapped.Shell(
            "cat /run/key; echo x > /run/key && echo WROTE; busybox stat -c %u:%g:%a /run/key /vol /vol/own /scratch; "
            + "echo 1 > /vol/a; echo 1 > /scratch/b; echo 1 >> /etc/hosts; busybox stat -c %u /vol/a /etc/hosts");
        var use = new VolumeUse { Volume = new VolumeSpec { Name = "data" }, Target = "/filled" };
        var place = store.Attach(spec.Id, [use], spec.RootfsPath).Single();
        var secrets = _temp.At("payloads");
        MemoryFiles.Mount(
            secrets, [new MemoryFile("0", "word\n"u8.ToArray(), 5, 6, (UnixFileMode)0x120)],
            UserNamespaceFixture.Range);
        try
        {
            var (_, output) = await _containers.RunAsync(spec with
            {
                Hosts = "127.0.0.1 localhost\n",
                Mounts =
                [
                    Bind(place, "/vol"), Bind(secrets + "/0", "/run/key") with { ReadOnly = true },
                    new() { Kind = ContainerMountKind.Tmpfs, Target = "/scratch", TmpfsMode = 0x1C0 },
                ],
            });
            Assert.DoesNotContain("WROTE", output, S);
            Assert.Equal(
                ["word", "5:6:440", "0:0:755", "1000:1001:644", "0:0:700", "0", "0"],
                output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith("/bin/sh", S)));
            Assert.Equal($"{Root}:{Root}", OwnerOf(place + "/a"));
            Assert.Equal($"{Root + 1000}:{Root + 1001}", OwnerOf(place + "/own"));
        }
        finally
        {
            MemoryFiles.Unmount(secrets);
            store.Detach(spec.Id, removeAnonymous: true);
        }
    }

    [Fact]
    public void A_volume_of_other_ids_is_refused_with_the_reason()
    {
        var plain = VolumeStore.Open(_temp.At("volumes"), static _ => { }, TimeProvider.System);
        plain.Create(new VolumeSpec { Name = "data" });
        var store = VolumeStore.Open(
            _temp.At("volumes"), static _ => { }, TimeProvider.System,
            new VolumeWalls { UserRange = UserNamespaceFixture.Range });
        var use = new VolumeUse { Volume = new VolumeSpec { Name = "data" }, Target = "/x" };
        var refused = Assert.Throws<VolumeException>(() => store.Attach("c1", [use], _temp.Sub("image")));
        Assert.Contains("--userns-remap", refused.Message, S);
        store.Detach("c1", removeAnonymous: true);
    }

    [Fact]
    public async Task Commands_copies_and_terminals_work_inside()
    {
        var spec = remapped.Shell("while :; do sleep 1; done") with { Init = true, Tty = true };
        await _containers.StartAsync(spec);
        var deadline = ContainerFixture.Deadline;
        var exec = await _containers.Runtime.ExecAsync(
            spec.Id, new ContainerExec(["/bin/sh", "-c", "id -u; tty"], TimeSpan.FromSeconds(20), 4096), deadline);
        Assert.StartsWith("0\n", exec.Output, S);
        await using (var session = await _containers.Runtime.StartExecAsync(
            spec.Id, new ContainerCommand { Args = ["/bin/sh", "-c", "id -u; tty"], User = "1000", Tty = true },
            deadline))
        {
            var text = new StringBuilder();
            await foreach (var piece in session.ReadAllAsync(deadline))
                text.Append(Encoding.UTF8.GetString(piece.Data.Span));
            Assert.Matches("^1000\r\n/dev/pts/[0-9]+\r\n$", text.ToString());
        }

        // Copies go in as root's, and out as the container's own.
        await _containers.ReopenAsync();
        var archive = new TestTar().File("in", "new").Directory("dir", uid: 3, gid: 4).Bytes();
        await _containers.Runtime.WritePathAsync(spec.Id, "/tmp", false, new MemoryStream(archive), deadline);
        Assert.Equal($"{Root}:{Root}", OwnerOf(spec.RootfsPath + "/tmp/in"));
        await _containers.Runtime.WritePathAsync(spec.Id, "/tmp", true, new MemoryStream(
            new TestTar().File("kept", "x", uid: 3, gid: 4).Bytes()), deadline);
        Assert.Equal($"{Root + 3}:{Root + 4}", OwnerOf(spec.RootfsPath + "/tmp/kept"));
        await Assert.ThrowsAsync<ContainerException>(() => _containers.Runtime.WritePathAsync(
            spec.Id, "/tmp", true, new MemoryStream(new TestTar().File("f", "x", uid: 70_000).Bytes()), deadline));
        var output = new MemoryStream();
        await _containers.Runtime.ReadPathAsync(spec.Id, "/own", false, output, deadline);
        output.Position = 0;
        var entry = new TarReader(output).Next()!;
        Assert.Equal((1000u, 1001u), (entry.Uid, entry.Gid));
    }

    [Fact]
    public void A_network_namespace_that_it_does_not_own_serves_low_ports_and_shows_its_own_devices() =>
        ContainerDescriptor.InNewNetworkNamespace(path =>
        {
            var spec = remapped.Shell(
                "ls /sys/class/net | grep -v -E '^(lo|sit0|ip6tnl0|tunl0)$'; "
                + "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/core/somaxconn; "
                + "( busybox nc -l -p 80 < /dev/null & ); sleep 0.3; grep -c :0050 /proc/net/tcp6 /proc/net/tcp | "
                + "grep -c :1; touch /sys/x || echo ro") with
            {
                NetnsPath = path, Sysctls = new Dictionary<string, string> { ["net.core.somaxconn"] = "77" },
            };
            var (_, output) = _containers.RunAsync(spec).GetAwaiter().GetResult();
            Assert.StartsWith("0\n77\n1\n", output, S);
            Assert.Contains("\nro\n", output, S);
            Assert.False(Directory.Exists($"{_containers.Root}/data/containers/{spec.Id}/sysfs"));
        });

    [Fact]
    public async Task An_id_beyond_its_own_is_refused()
    {
        var refused = await Assert.ThrowsAsync<ContainerException>(() => _containers.Runtime.CreateAsync(
            remapped.Shell("true") with { Uid = 65536 }, ContainerFixture.Deadline));
        Assert.Contains("--userns-remap", refused.Message, S);
    }

    [Fact]
    public void A_closed_directory_above_is_told_with_the_remedy()
    {
        File.SetUnixFileMode(_temp.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var refused = Assert.Throws<ContainerException>(() => IdRange.CheckWayTo(_temp.At("data")));
        Assert.Contains($"chmod o+x {_temp.Path}", refused.Message, S);
        IdRange.CheckWayTo("/var/lib/swarm");
    }

    [Theory]
    [InlineData("100000:65536", true)]
    [InlineData("65536:70000", true)]
    [InlineData("1000:65536", false)]
    [InlineData("100000:1000", false)]
    [InlineData("0:65536", false)]
    [InlineData("100000", false)]
    [InlineData("-1:65536", false)]
    [InlineData("2147400000:100000", false)]
    [InlineData("100000:65536:1", false)]
    public void Ranges(string text, bool fits)
    {
        if (fits)
            Assert.Equal(text, IdRange.Parse(text).ToString());
        else
            Assert.Contains("FIRST:COUNT", Assert.Throws<FormatException>(() => IdRange.Parse(text)).Message, S);
    }

    private const StringComparison S = StringComparison.Ordinal;

    private static string OwnerOf(string path) => TestTools.Run("stat", "-c", "%u:%g", path).Trim();

    private static ContainerMount Bind(string source, string target) =>
        new() { Kind = ContainerMountKind.Bind, Source = source, Target = target };
}

/// <summary>A runtime whose containers have user namespaces, and one image for them.</summary>
public sealed class UserNamespaceFixture : IAsyncLifetime
{
    private readonly List<string> _mounted = [];
    private MappedLayers _mapped = null!;

    public static IdRange Range { get; } = new(200_000, 65_536);

    public ContainerFixture Containers { get; } = new() { UserRange = Range };

    public string Layer => Containers.Root + "/layers/one/diff";

    public async Task InitializeAsync()
    {
        await Containers.InitializeAsync();
        var made = Containers.Spec("x");
        Directory.CreateDirectory(Containers.Root + "/layers/one");
        Directory.Move(made.RootfsPath, Layer);
        await File.WriteAllTextAsync(Layer + "/own", "x");
        Directory.CreateDirectory(Layer + "/filled");
        await File.WriteAllTextAsync(Layer + "/filled/own", "x");
        TestTools.Run("chown", "1000:1001", Layer + "/own", Layer + "/filled/own");
        _mapped = MappedLayers.Open(Containers.Root + "/layers", Containers.Root + "/mapped", Range);
    }

    public async Task DisposeAsync()
    {
        foreach (var container in Containers.Runtime.List())
            await Containers.Runtime.DeleteAsync(container.Id, ContainerFixture.Deadline);
        _mounted.ForEach(OverlayRootfs.Unmount);
        MappedLayers.Close(Containers.Root + "/mapped");
        await Containers.DisposeAsync();
    }

    internal ContainerSpec Shell(string script)
    {
        var spec = Containers.Shell(script);
        var task = $"{Containers.Root}/tasks/{spec.Id}";
        _mounted.Add(task);
        Range.LetThrough(Path.GetDirectoryName(task)!);
        var image = new LocalImage(ImageDigest.Of([]), new ImageConfig(), [Layer]);
        return spec with { RootfsPath = OverlayRootfs.Mount(task, image, _mapped), UserRange = Range };
    }
}
