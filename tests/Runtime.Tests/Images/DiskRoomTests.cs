using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>What goes by itself when space is short, and what never does.</summary>
public sealed class DiskRoomTests : IDisposable
{
    private const long Plenty = 1L << 40;
    private readonly TempDirectory _temp = new();
    private readonly FakeRegistry _registry = new();
    private readonly List<string> _log = [];
    private (long Free, long Total) _disk = (Plenty, Plenty);

    public void Dispose()
    {
        _registry.Dispose();
        _temp.Dispose();
    }

    private ImageStore Open(long budget) => ImageStore.Open(
        _temp.At("store"), _registry.Options,
        new ImageDiskLimits { BudgetBytes = budget, MinAge = TimeSpan.Zero, Measure = _ => _disk }, _log.Add);

    /// <summary>An image with a file of 100 kB that nobody holds any more.</summary>
    private async Task PullAsync(ImageStore store, string name, string service = "")
    {
        var image = TestImage.Of(new TestTar().File(name, new string(name[^1], 100_000)).Bytes());
        await store.AcquireAsync("task-" + name, service, _registry.Serve(image, name), null, default);
        store.Release("task-" + name);
        await Task.Delay(20);
    }

    private static List<string> Left(ImageStore store) =>
        [.. store.Inventory.List().Select(i => i.Digests[0].Split('@')[0].Split('/')[^1]).Order()];

    [Fact]
    public async Task The_least_recently_used_go_until_the_budget_is_kept()
    {
        await using var store = Open(250_000);
        foreach (var name in (string[])["a", "b", "c", "d"])
            await PullAsync(store, name);
        store.Collect();
        Assert.Equal(["c", "d"], Left(store));
        Assert.Equal("", store.Alarm);
        Assert.Equal(2, Directory.GetDirectories(_temp.At("store", "layers")).Length);
    }

    [Fact]
    public async Task What_is_used_tagged_or_needed_for_a_rollback_stays_and_there_is_an_alarm()
    {
        await using var store = Open(1000);
        await PullAsync(store, "old", "service");
        await PullAsync(store, "new", "service");
        await PullAsync(store, "tagged");
        store.Inventory.Tag(store.Inventory.List().Single(i => i.Digests[0].Contains("tagged")).Id.ToString(), "t:1");
        await PullAsync(store, "gone");
        var used = TestImage.Of(new TestTar().File("u").Bytes());
        await store.AcquireAsync("running", "", _registry.Serve(used, "used"), null, default);
        await store.Files.ImportAsync(
            new MemoryStream(new TestTar().File("x").Bytes()), "", new ImportOptions("", []), default);
        store.Collect();
        Assert.Equal(5, store.Count);
        Assert.DoesNotContain(store.Inventory.List(), i => i.Digests is [var d, ..] && d.Contains("gone"));
        Assert.Contains("the budget is 1000", store.Alarm, StringComparison.Ordinal);
        Assert.Contains(store.Alarm, _log);
        store.Collect();
        Assert.Single(_log, store.Alarm);
    }

    [Fact]
    public async Task A_full_disk_is_told_before_a_layer_is_downloaded()
    {
        await using var store = Open(0);
        await PullAsync(store, "a");
        _disk = (DiskRoom.ReserveBytes, Plenty);
        var image = TestImage.Of(new TestTar().File("b").Bytes());
        var e = await Assert.ThrowsAsync<ImageException>(
            () => store.EnsureAsync(_registry.Serve(image, "b"), null, default));
        Assert.Equal(ImageErrorKind.DiskFull, e.Kind);
        // What could go went first.
        Assert.Equal(0, store.Count);
        Assert.Contains("bytes free", store.Alarm, StringComparison.Ordinal);
        _disk = (Plenty, Plenty);
        store.Collect();
        Assert.Equal("", store.Alarm);
        await store.EnsureAsync(_registry.Serve(image, "b"), null, default);
    }
}
