using Swarm.Runtime.Images;
using static Swarm.Runtime.Tests.Images.FakeRegistry;

namespace Swarm.Runtime.Tests.Images;

public sealed class ImageStoreTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly FakeRegistry _registry = new();
    private readonly TestImage _image =
        TestImage.Of(new TestTar().File("a", "lower").Bytes(), new TestTar().File("b", "upper").Bytes());

    public void Dispose()
    {
        _registry.Dispose();
        _temp.Dispose();
    }

    private ImageStore Open() => ImageStore.Open(_temp.At("store"), _registry.Options, _ => { });

    private async Task<ImageException> FailsAsync(ImageReference reference, ImageErrorKind kind, string why)
    {
        var store = Open();
        var e = await Assert.ThrowsAsync<ImageException>(
            () => store.EnsureAsync(reference, null, CancellationToken.None));
        await store.DisposeAsync();
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Equal(kind, e.Kind);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.At("store", "tmp")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.At("store", "images")));
        Assert.Equal(0, store.Count);
        return e;
    }

    private string LayerBlob(int index) =>
        ((ManifestDocument.Image)ManifestParser.Parse(_image.Manifest, _image.MediaType)).Layers[index]
            .Digest.ToString();

    [Fact]
    public async Task A_pulled_image_needs_no_network_again()
    {
        var reference = _registry.Serve(_image);
        var progress = new List<PullProgress>();
        await using (var store = Open())
        {
            var image = await store.EnsureAsync(reference, new Listener(progress.Add), CancellationToken.None);
            Assert.Equal(["lower", "upper"],
                image.LayerDirectories.Zip(["a", "b"], (d, f) => File.ReadAllText(Path.Combine(d, f))));
            Assert.Equal(1, store.Count);
        }

        Assert.NotEmpty(progress);
        var asked = _registry.Requests.Count;
        await using var again = Open();
        Assert.Equal(2, (await again.EnsureAsync(reference, null, CancellationToken.None)).LayerDirectories.Count);
        Assert.Equal(asked, _registry.Requests.Count);
        Assert.Equal(1, again.Count);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(
            Directory.EnumerateFiles(_temp.At("store", "blobs", "sha256")).First()));
        Assert.Equal(0, (int)File.GetUnixFileMode(_temp.At("store")) & 0x3F);
    }

    [Fact]
    public async Task A_hundred_tasks_download_each_blob_once()
    {
        var reference = _registry.Serve(_image);
        await using var store = Open();
        await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(_ => store.EnsureAsync(reference, null, CancellationToken.None)));
        Assert.Equal(1, _registry.Asked(LayerBlob(0)));
        Assert.Equal(1, _registry.Asked(LayerBlob(1)));
        Assert.Equal(1, _registry.Asked("/manifests/"));
    }

    [Fact]
    public async Task Images_share_layers()
    {
        var shared = new TestTar().File("a", "lower").Bytes();
        var other = TestImage.Of(shared, new TestTar().File("c").Bytes());
        await using var store = Open();
        var one = await store.EnsureAsync(_registry.Serve(_image), null, CancellationToken.None);
        var two = await store.EnsureAsync(_registry.Serve(other, "other"), null, CancellationToken.None);
        Assert.Equal(one.LayerDirectories[0], two.LayerDirectories[0]);
        Assert.Equal(3, Directory.GetDirectories(_temp.At("store", "layers")).Length);
    }

    [Fact]
    public async Task Reg1_a_layer_with_one_wrong_byte_is_refused()
    {
        var reference = _registry.Serve(_image);
        var bent = (byte[])_image.Blobs[LayerBlob(1)].Clone();
        bent[^1] ^= 1;
        _registry.Paths[$"/v2/demo/blobs/{LayerBlob(1)}"] = _ => new Answer(200, bent);
        await FailsAsync(reference, ImageErrorKind.Corrupt, "another digest");
    }

    [Fact]
    public async Task A_layer_that_unpacks_to_something_else_is_refused() =>
        await FailsAsync(
            _registry.Serve(TestImage.Build(
                [new TestTar().File("a").Bytes()], TestTar.Gzip, wrongDiffId: "sha256:" + new string('0', 64))),
            ImageErrorKind.Corrupt, "the config promises");

    [Fact]
    public async Task Reg5_lying_lengths_are_refused()
    {
        var reference = _registry.Serve(_image);
        var path = $"/v2/demo/blobs/{LayerBlob(0)}";
        var good = _image.Blobs[LayerBlob(0)];
        _registry.Paths[path] = _ => new Answer(200, good) { ContentLength = good.Length + 5 };
        await FailsAsync(reference, ImageErrorKind.Corrupt, "the registry sends");
        _registry.Paths[path] = _ => new Answer(200, good[..10]) { ContentLength = good.Length };
        await FailsAsync(reference, ImageErrorKind.Unreachable, "broke off");
        _registry.Paths[path] = _ => new Answer(200, good[..10]) { ContentLength = good.Length, HangAfterBody = true };
        _registry.StallTimeout = TimeSpan.FromSeconds(3);
        await FailsAsync(reference, ImageErrorKind.Unreachable, "stalled");
    }

    [Fact]
    public async Task A_broken_off_download_is_tried_again()
    {
        var reference = _registry.Serve(_image);
        var good = _image.Blobs[LayerBlob(0)];
        var tries = 0;
        _registry.Paths[$"/v2/demo/blobs/{LayerBlob(0)}"] = _ =>
            tries++ == 0 ? new Answer(200, good[..10]) { ContentLength = good.Length } : new Answer(200, good);
        await using var store = Open();
        await store.EnsureAsync(reference, null, CancellationToken.None);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task Reg6_an_index_in_an_index_ends_somewhere()
    {
        const string index = "application/vnd.oci.image.index.v1+json";
        var document = _image.Manifest;
        var type = _image.MediaType;
        _registry.Serve(_image);
        for (var depth = 1; depth <= ImagePuller.MaxIndexDepth + 1; depth++)
        {
            document = TestImage.Index(("amd64", type, document));
            type = index;
            var reference = _registry.ServeManifest(document, index, tag: $"d{depth}");
            if (depth <= ImagePuller.MaxIndexDepth)
            {
                await using var store = ImageStore.Open(_temp.At($"store{depth}"), _registry.Options, _ => { });
                Assert.Equal(2, (await store.EnsureAsync(reference, null, CancellationToken.None))
                    .LayerDirectories.Count);
            }
            else
            {
                await FailsAsync(reference, ImageErrorKind.Invalid, "nested deeper");
            }
        }
    }

    [Fact]
    public async Task An_index_without_this_platform_says_what_it_has()
    {
        var document = TestImage.Index(
            ("arm64", _image.MediaType, _image.Manifest), ("unknown", _image.MediaType, [1]));
        var reference = _registry.ServeManifest(document, "application/vnd.oci.image.index.v1+json");
        await FailsAsync(reference, ImageErrorKind.NotFound, "for linux/amd64; it is offered for linux/arm64");
    }

    [Fact]
    public async Task Only_pinned_references_are_pulled() =>
        await FailsAsync(_registry.Tagged(), ImageErrorKind.Invalid, "no digest");

    [Fact]
    public async Task A_hostile_layer_leaves_nothing_behind() =>
        await FailsAsync(
            _registry.Serve(TestImage.Of(new TestTar().File("ok").File("../../x").Bytes())), ImageErrorKind.Invalid,
                "'..'");

    private static readonly HashSet<ImageDigest> s_ids = [];

    [Fact]
    public async Task Leases_keep_images_and_shared_layers()
    {
        var other = TestImage.Of(new TestTar().File("a", "lower").Bytes(), new TestTar().File("c").Bytes());
        await using (var store = Open())
        {
            var one = _registry.Serve(_image);
            await store.AcquireAsync("task-1", "", one, null, CancellationToken.None);
            await store.EnsureAsync(_registry.Serve(other, "other"), null, CancellationToken.None);
            s_ids.UnionWith(store.Inventory.List().Select(i => i.Id));
            await Assert.ThrowsAsync<ArgumentException>(
                () => store.AcquireAsync("../x", "", one, null, CancellationToken.None));
        }

        await using var again = Open();
        Assert.Equal(1, again.Inventory.Prune(all: true, _ => true).Deleted.Count(d => s_ids.Contains(d)));
        var kept = await again.EnsureAsync(_registry.Serve(_image), null, CancellationToken.None);
        Assert.All(kept.LayerDirectories, d => Assert.True(Directory.Exists(d)));
        Assert.Equal(2, Directory.GetDirectories(_temp.At("store", "layers")).Length);
        again.Release("task-1");
        again.Release("task-1");
        Assert.Equal(1, again.Inventory.Prune(all: true, _ => true).Deleted.Count(d => s_ids.Contains(d)));
        Assert.Empty(Directory.GetDirectories(_temp.At("store", "layers")));
        Assert.Empty(Directory.GetFiles(_temp.At("store", "blobs", "sha256")));
        // And it can be had again.
        await again.EnsureAsync(_registry.Serve(_image), null, CancellationToken.None);
    }

    [Fact]
    public async Task Who_gives_up_does_not_stop_the_others()
    {
        var reference = _registry.Serve(_image);
        using var open = new ManualResetEventSlim();
        using var reached = new ManualResetEventSlim();
        _registry.Gate = r =>
        {
            reached.Set();
            open.Wait(TimeSpan.FromSeconds(20));
            return null;
        };
        await using var store = Open();
        using var cancel = new CancellationTokenSource();
        var first = store.EnsureAsync(reference, null, cancel.Token);
        var second = store.EnsureAsync(reference, null, CancellationToken.None);
        Assert.True(reached.Wait(TimeSpan.FromSeconds(20)));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        open.Set();
        Assert.Equal(2, (await second).LayerDirectories.Count);
    }

    private sealed class Listener(Action<PullProgress> report) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => report(value);
    }
}
