using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>load, import and save, with skopeo as the second opinion.</summary>
public sealed class ImageFilesTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempDirectory _temp = new();
    private readonly FakeRegistry _registry = new();

    public void Dispose()
    {
        _registry.Dispose();
        _temp.Dispose();
    }

    private ImageStore Open(string name = "store") =>
        ImageStore.Open(_temp.At(name), _registry.Options, _ => { });

    private static byte[] Rootfs => new TestTar().Directory("etc").File("etc/motd", "hi").Bytes();

    private static Task<ImageDigest> ImportAsync(ImageStore store, byte[] tar, string tag, params string[] changes) =>
        store.Files.ImportAsync(new MemoryStream(tar), tag, new ImportOptions("from a test", changes), s_none);

    private static Task<IReadOnlyList<string>> LoadAsync(ImageStore store, string file)
    {
        var stream = File.OpenRead(file);
        return Task.Run(async () =>
        {
            using (stream)
                return await store.Files.LoadAsync(stream, s_none);
        });
    }

    private async Task<string> SaveAsync(ImageStore store, params string[] names)
    {
        var file = _temp.At(Path.GetRandomFileName());
        await using var stream = File.Create(file);
        await store.Files.SaveAsync(names, stream, s_none);
        return file;
    }

    private void Clean(ImageStore store)
    {
        foreach (var image in store.Inventory.List())
            store.Inventory.Remove(image.Id.ToString(), force: true);
        Assert.Empty(Directory.GetDirectories(_temp.At("store", "layers")));
        Assert.Empty(Directory.GetFiles(_temp.At("store", "blobs", "sha256")));
        Assert.Empty(Directory.GetFileSystemEntries(_temp.At("store", "tmp")));
        Assert.Empty(Directory.GetFileSystemEntries(_temp.At("store", "partial")));
    }

    [Fact]
    public async Task An_imported_root_file_system_runs_as_its_changes_say()
    {
        await using var store = Open();
        var id = await ImportAsync(
            store, Rootfs, "busy:1", "CMD [\"sh\", \"-c\"]", "ENTRYPOINT run me", "ENV A=1 B=\"two words\"", "ENV A=2",
            "ENV C old form", "LABEL x=y", "EXPOSE 80 53/udp", "USER nobody", "WORKDIR /w", "VOLUME /data",
            "STOPSIGNAL SIGQUIT", "HEALTHCHECK --interval=1m0.5s --timeout=2s --retries=4 CMD [\"/well\", \"a b\"]");
        var image = store.Inventory.Get("busy:1");
        Assert.Equal(id, image.Id);
        Assert.Equal(["sh", "-c"], image.Config.Cmd);
        Assert.Equal(["/bin/sh", "-c", "run me"], image.Config.Entrypoint);
        Assert.Equal(["B=two words", "A=2", "C=old form"], image.Config.Env);
        Assert.Equal(["80/tcp", "53/udp"], image.Config.ExposedPorts);
        Assert.Equal(("nobody", "/w", "SIGQUIT"),
            (image.Config.User, image.Config.WorkingDirectory, image.Config.StopSignal));
        Assert.Equal(
            """{"Interval":60500000000,"Timeout":2000000000,"Retries":4,"Test":["CMD","/well","a b"]}""",
            JsonNode.Parse(image.Config.Healthcheck!)!.ToJsonString());
        var local = await store.EnsureAsync(store.FindLocal("busy:1")!, null, s_none);
        Assert.Equal("hi", await File.ReadAllTextAsync(Path.Combine(local.LayerDirectories[0], "etc/motd")));
        Assert.Empty(_registry.Requests);
        Clean(store);
    }

    [Theory]
    [InlineData("HEALTHCHECK NONE", """{"Test":["NONE"]}""")]
    [InlineData("healthcheck cmd test -f /w", """{"Test":["CMD-SHELL","test -f /w"]}""")]
    [InlineData(
        "HEALTHCHECK --start-period=0 --start-interval=5ms CMD true",
        """{"StartPeriod":0,"StartInterval":5000000,"Test":["CMD-SHELL","true"]}""")]
    public void A_health_check_is_kept_as_docker_keeps_it(string change, string kept) =>
        Assert.Equal(kept, ConfigChanges.Apply([change])["Healthcheck"]!.ToJsonString());

    [Theory]
    [InlineData("HEALTHCHECK true")]
    [InlineData("HEALTHCHECK CMD")]
    [InlineData("HEALTHCHECK CMD []")]
    [InlineData("HEALTHCHECK --interval=1s NONE")]
    [InlineData("HEALTHCHECK --interval=1 CMD true")]
    [InlineData("HEALTHCHECK --interval=1us CMD true")]
    [InlineData("HEALTHCHECK --interval=99999999999999999999999999999999h CMD true")]
    [InlineData("HEALTHCHECK --retries=-1 CMD true")]
    [InlineData("HEALTHCHECK --nosuch=1 CMD true")]
    [InlineData("ONBUILD RUN x")]
    [InlineData("CMD")]
    [InlineData("CMD [1]")]
    [InlineData("ENV \"open")]
    [InlineData("WORKDIR /proc/self/fd/3")]
    [InlineData("USER a b:c:d")]
    public async Task A_bad_change_stores_nothing(string change)
    {
        await using var store = Open();
        var e = await Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, Rootfs, "busy:1", change));
        Assert.Equal(ImageErrorKind.Invalid, e.Kind);
        Clean(store);
    }

    [Fact]
    public async Task A_hostile_root_file_system_is_refused()
    {
        await using var store = Open();
        await Assert.ThrowsAsync<ImageException>(
            () => ImportAsync(store, new TestTar().File("../x").Bytes(), "busy:1"));
        await Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, [], "busy:1"));
        Clean(store);
    }

    [Fact]
    public async Task What_is_saved_is_read_by_skopeo_and_loaded_again()
    {
        await using var store = Open();
        var id = await ImportAsync(store, TestTar.Gzip(Rootfs), "busy:1");
        store.Inventory.Tag("busy:1", "10.0.0.1:5000/team/busy:2");
        var file = await SaveAsync(store, "busy:1", "10.0.0.1:5000/team/busy:2", id.ToString());
        TestTools.Run("skopeo", "copy", "docker-archive:" + file + ":busy:1", "oci:" + _temp.At("oci") + ":x");
        TestTools.Run("skopeo", "copy", "oci-archive:" + file + ":1", "oci:" + _temp.At("oci2") + ":x");
        Clean(store);
        Assert.Equal(["10.0.0.1:5000/team/busy:2", "busy:1"], (await LoadAsync(store, file)).Order());
        Assert.Equal(id, store.Inventory.Get("busy:1").Id);
        // Loaded again it is the same image, and nothing is here twice.
        await LoadAsync(store, file);
        Assert.Equal(1, store.Count);
        Clean(store);
    }

    [Fact]
    public async Task Archives_of_skopeo_are_loaded_with_their_names()
    {
        await using var store = Open();
        var id = await ImportAsync(store, Rootfs, "busy:1");
        var file = await SaveAsync(store, "busy:1");
        TestTools.Run("skopeo", "copy", $"docker-archive:{file}:busy:1", $"docker-archive:{_temp.At("old")}:older:9");
        TestTools.Run("skopeo", "copy", $"docker-archive:{file}:busy:1", $"oci-archive:{_temp.At("new")}:newer:9");
        Clean(store);
        Assert.Equal(["older:9"], await LoadAsync(store, _temp.At("old")));
        Assert.Equal(["newer:9"], await LoadAsync(store, _temp.At("new")));
        Assert.Equal(id, store.Inventory.Get("older:9").Id);
        Clean(store);
    }

    [Fact]
    public async Task A_pulled_image_is_saved_from_its_registry_again()
    {
        var image = TestImage.Of(Rootfs, new TestTar().File("b").Bytes());
        await using var store = Open();
        var local = await store.EnsureAsync(_registry.Serve(image), null, s_none);
        store.Inventory.Name(_registry.Tagged(), local);
        Assert.Equal(2, Directory.GetFiles(_temp.At("store", "blobs", "sha256")).Length);
        var file = await SaveAsync(store, _registry.Host + "/demo:1");
        Clean(store);
        Assert.Equal([_registry.Host + "/demo:1"], await LoadAsync(store, file));
        Assert.Equal(image.Digest, store.Inventory.List()[0].Manifest.ToString());
        _registry.Paths.Clear();
        await SaveAsync(store, _registry.Host + "/demo:1");
        Clean(store);
    }

    [Fact]
    public async Task Without_the_registry_a_pulled_image_cannot_be_saved_and_says_so()
    {
        var image = TestImage.Of(Rootfs);
        await using var store = Open();
        await store.EnsureAsync(_registry.Serve(image), null, s_none);
        _registry.Paths.Clear();
        var id = store.Inventory.List()[0].Id.ToString();
        var e = await Assert.ThrowsAsync<ImageException>(() => SaveAsync(store, id));
        Assert.Contains("has to come from its registry again", e.Message, StringComparison.Ordinal);
    }

    private string Archive(string name, params (string Name, byte[] Content)[] files)
    {
        var tar = new TestTar();
        foreach (var (path, content) in files)
            tar.Raw('0', path, content);
        File.WriteAllBytes(_temp.At(name), tar.Bytes());
        return _temp.At(name);
    }

    private static byte[] Index(TestImage image) => Encoding.UTF8.GetBytes(
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" + image.MediaType + "\",\"digest\":\"" + image.Digest
        + "\",\"size\":" + image.Manifest.Length + "}]}");

    [Fact]
    public async Task Hostile_archives_are_refused_and_leave_nothing()
    {
        await using var store = Open();
        var image = TestImage.Of(Rootfs);
        var blobs = image.Blobs.Select(b => ("blobs/sha256/" + b.Key[7..], b.Value)).ToList();
        var manifest = ("blobs/sha256/" + image.Digest[7..], image.Manifest);
        var bent = blobs.Select(b => (b.Item1, (byte[])[.. b.Value, 0])).ToArray();
        var many = new TestTar();
        for (var i = 0; i <= ArchiveContents.MaxFiles; i++)
            many.File($"f{i}", "");
        await File.WriteAllBytesAsync(_temp.At("many"), many.Bytes());
        await File.WriteAllBytesAsync(_temp.At("loop"), new TestTar().Symlink("index.json", "a")
            .Symlink("a", "index.json").Symlink("manifest.json", "../../../etc/passwd").Bytes());
        string[] hostile =
        [
            Archive("empty"),
            Archive("nothing", ("readme", [1])),
            Archive("missing", ("index.json", Index(image)), manifest),
            Archive("bent", [("index.json", Index(image)), manifest, .. bent]),
            Archive("json", ("index.json", "{"u8.ToArray())),
            Archive("deep", ("index.json", Encoding.UTF8.GetBytes(new string('[', 10_000)))),
            Archive("docker",
                ("manifest.json", "[{\"Config\":\"x\",\"Layers\":[\"../../../../etc/passwd\"]}]"u8.ToArray()),
                ("x", "{}"u8.ToArray())),
            Archive("kind", ("manifest.json", "[7]"u8.ToArray())),
            _temp.At("many"),
            _temp.At("loop"),
        ];
        foreach (var file in hostile)
        {
            await Assert.ThrowsAsync<ImageException>(() => LoadAsync(store, file));
            Clean(store);
        }

        // The good one, so that the others were refused for what is bad about them.
        Assert.Single(await LoadAsync(store, Archive("good", [("index.json", Index(image)), manifest, .. blobs])));
    }

    [Fact]
    public async Task Img8_an_archive_that_grows_without_end_is_refused()
    {
        var limits = new LayerLimits { FreeExpansionBytes = 1 << 20, MaxExpansionRatio = 10 };
        await using var store = ImageStore.Open(_temp.At("store"), _registry.Options, limits, _ => { });
        await File.WriteAllBytesAsync(
            _temp.At("bomb"), TestTar.Gzip(new TestTar().Zeros("index.json", 50 << 20).Bytes()));
        var e = await Assert.ThrowsAsync<ImageException>(() => LoadAsync(store, _temp.At("bomb")));
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Clean(store);
    }
}
