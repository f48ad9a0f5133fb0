using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

public sealed class ImageInventoryTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly FakeRegistry _registry = new();
    private readonly TestImage _image = TestImage.Build(
        [new TestTar().File("a", "lower").Bytes(), new TestTar().File("b", "more").Bytes()], TestTar.Gzip,
        "{\"Labels\":{\"team\":\"x\"}}");

    public void Dispose()
    {
        _registry.Dispose();
        _temp.Dispose();
    }

    private ImageStore Open() => ImageStore.Open(_temp.At("store"), _registry.Options, _ => { });

    private async Task<LocalImage> PullAsync(ImageStore store, TestImage image, string tag)
    {
        var reference = _registry.Serve(image, tag.Split(':')[0], tag.Split(':')[1]);
        var local = await store.EnsureAsync(reference, null, CancellationToken.None);
        store.Inventory.Name(_registry.Tagged(tag), local);
        return local;
    }

    private static void InUse(Action work, string why)
    {
        var e = Assert.Throws<ImageException>(work);
        Assert.Equal(ImageErrorKind.InUse, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_tells_names_digests_and_sizes_also_after_a_restart()
    {
        await using (var store = Open())
        {
            await PullAsync(store, _image, "demo:1");
            store.Inventory.Tag(_registry.Host + "/demo:1", "busy");
        }

        await using var again = Open();
        var image = Assert.Single(again.Inventory.List());
        Assert.Equal([_registry.Host + "/demo:1", "busy:latest"], image.Tags);
        Assert.Equal([$"{_registry.Host}/demo@{_image.Digest}"], image.Digests);
        Assert.Equal(["lower".Length, "more".Length], image.LayerBytes);
        Assert.Equal("x", image.Config.Labels["team"]);
        Assert.Equal(image.Id, again.Inventory.Get("busy").Id);
        Assert.Equal(image.Id, again.Inventory.Get(image.Id.Hex[..8]).Id);
        Assert.Equal(image.Id, again.Inventory.Get(image.Id.ToString()).Id);
        Assert.Equal(image.Id, again.Inventory.Get($"{_registry.Host}/demo@{_image.Digest}").Id);
        Assert.Throws<ImageException>(() => again.Inventory.Get("nosuch:1"));
        Assert.Throws<ImageException>(() => again.Inventory.Get("\u001b[31m"));
    }

    [Fact]
    public async Task A_tag_that_moves_leaves_the_old_image_dangling()
    {
        await using var store = Open();
        var other = TestImage.Of(new TestTar().File("c").Bytes());
        await PullAsync(store, _image, "demo:1");
        await PullAsync(store, other, "demo:1");
        Assert.Equal(2, store.Inventory.List().Count);
        var removed = store.Inventory.Prune(all: false, _ => true);
        Assert.Equal([$"{_registry.Host}/demo@{_image.Digest}"], removed.Untagged);
        Assert.Equal(3, removed.Deleted.Count);
        Assert.True(removed.Bytes > 0);
        Assert.Equal(1, store.Count);
        Assert.Single(Directory.GetDirectories(_temp.At("store", "layers")));
    }

    [Fact]
    public async Task What_a_container_uses_is_not_removed()
    {
        await using var store = Open();
        var local = await PullAsync(store, _image, "demo:1");
        var name = _registry.Host + "/demo:1";
        await store.AcquireAsync("task1", "", store.FindLocal(name)!, null, CancellationToken.None);
        var id = store.Inventory.Get(name).Id.ToString();
        InUse(() => store.Inventory.Remove(name, force: false), "(must force) - container task1 is using");
        InUse(() => store.Inventory.Remove(id, force: true), "(cannot be forced) - image is being used");
        Assert.Empty(store.Inventory.Prune(all: true, _ => true).Deleted);
        // Only the name goes.
        Assert.Empty(store.Inventory.Remove(name, force: true).Deleted);
        Assert.All(local.LayerDirectories, d => Assert.True(Directory.Exists(d)));
        store.Release("task1");
        Assert.Equal(3, store.Inventory.Remove(id, force: false).Deleted.Count);
        Assert.Empty(Directory.GetDirectories(_temp.At("store", "layers")));
        Assert.Empty(Directory.GetFiles(_temp.At("store", "blobs", "sha256")));
    }

    [Fact]
    public async Task The_image_before_the_current_one_is_kept_for_a_rollback()
    {
        var images = Enumerable.Range(0, 3)
            .Select(i => TestImage.Of(new TestTar().File($"f{i}").Bytes())).ToList();
        await using (var store = Open())
        {
            for (var i = 0; i < images.Count; i++)
            {
                var pinned = _registry.Serve(images[i], $"web{i}");
                await store.AcquireAsync($"task{i}", "service1", pinned, null, CancellationToken.None);
                store.Release($"task{i}");
            }
        }

        await using var again = Open();
        var previous = again.Inventory.List().Single(i => i.Digests[0].Contains("web1", StringComparison.Ordinal));
        Assert.Equal(["service1"], previous.KeptFor);
        InUse(() => again.Inventory.Remove(previous.Id.ToString(), force: false), "may be rolled back to it");
        Assert.Equal(2, again.Inventory.Prune(all: true, _ => true).Deleted.Count);
        Assert.Equal(2, again.Count);
        Assert.NotEmpty(again.Inventory.Remove(previous.Id.ToString(), force: true).Deleted);
    }

    [Fact]
    public async Task What_a_crash_left_leased_is_free_at_the_next_start()
    {
        await using (var store = Open())
        {
            await PullAsync(store, _image, "demo:1");
            var name = store.FindLocal(_registry.Host + "/demo:1")!;
            await store.AcquireAsync("lives", "", name, null, CancellationToken.None);
            await store.AcquireAsync("never-made", "", name, null, CancellationToken.None);
        }

        await using var again = Open();
        again.ReleaseAllBut(["lives", "other"]);
        Assert.Equal(["lives"], again.Inventory.List()[0].UsedBy);
    }

    [Fact]
    public async Task Several_repositories_want_force_and_one_tag_of_several_goes_alone()
    {
        await using var store = Open();
        await PullAsync(store, _image, "demo:1");
        store.Inventory.Tag(_registry.Host + "/demo:1", "other:2");
        var id = store.Inventory.Get("other:2").Id.ToString();
        InUse(() => store.Inventory.Remove(id, force: false), "referenced in multiple repositories");
        Assert.Equal(["other:2"], store.Inventory.Remove("other:2", force: false).Untagged);
        Assert.Equal(1, store.Count);
        Assert.NotEmpty(store.Inventory.Remove(id, force: false).Deleted);
        Assert.Equal(0, store.Count);
    }

    [Fact]
    public async Task Removing_while_others_pull_the_same_layers_leaves_whole_images()
    {
        var shared = new TestTar().File("a", "lower").Bytes();
        // Somebody removes all the time: the registry's answers may take long on a machine with few cores.
        await using var store = Open();
        using var stop = new CancellationTokenSource();
        var removing = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                store.Inventory.Prune(all: true, _ => true);
            }
        });
        for (var i = 0; i < 30; i++)
        {
            var image = TestImage.Of(shared, new TestTar().File($"f{i}").Bytes());
            var local = await store.AcquireAsync($"t{i}", "", _registry.Serve(image, $"r{i}"), null, default);
            Assert.All(local.LayerDirectories, d => Assert.True(Directory.Exists(d)));
            if (i % 2 == 0)
                store.Release($"t{i}");
        }

        await stop.CancelAsync();
        await removing;
        store.Inventory.Prune(all: true, _ => true);
        Assert.Equal(15, store.Count);
        Assert.Equal(16, Directory.GetDirectories(_temp.At("store", "layers")).Length);
    }

    [Fact]
    public async Task A_damaged_config_does_not_hide_the_other_images()
    {
        await using var store = Open();
        await PullAsync(store, _image, "demo:1");
        var id = Assert.Single(store.Inventory.List()).Id;
        await File.WriteAllTextAsync(_temp.At("store", "blobs", "sha256", id.Hex), "{}");
        var image = Assert.Single(store.Inventory.List());
        Assert.Equal(ImageErrorKind.Corrupt, Assert.Throws<ImageException>(
            () => store.Inventory.ConfigOf(image)).Kind);
    }
}
