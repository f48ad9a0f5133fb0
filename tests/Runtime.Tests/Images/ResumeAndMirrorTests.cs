using Swarm.Runtime.Images;
using static Swarm.Runtime.Tests.Images.FakeRegistry;

namespace Swarm.Runtime.Tests.Images;

/// <summary>Downloads that go on where they stopped, and registries that stand in for others.</summary>
public sealed class ResumeAndMirrorTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly FakeRegistry _registry = new();
    private readonly TestImage _image = TestImage.Build(
        [new TestTar().File("a", new string('x', 5000)).Bytes()], tar => tar);

    public void Dispose()
    {
        _registry.Dispose();
        _temp.Dispose();
    }

    private string Blob => ((ManifestDocument.Image)ManifestParser.Parse(_image.Manifest, _image.MediaType))
        .Layers[0].Digest.ToString();

    private ImageStore Open(RegistryOptions? options = null) =>
        ImageStore.Open(_temp.At("store"), options ?? _registry.Options, _ => { });

    private static int From(Request request) => request.Headers.TryGetValue("Range", out var range)
        ? int.Parse(range["bytes=".Length..^1])
        : 0;

    /// <summary>Some bytes at a time, each from where the client says.</summary>
    private void ServeInParts(int bytes, List<int> asked)
    {
        var good = _image.Blobs[Blob];
        _registry.Paths[$"/v2/demo/blobs/{Blob}"] = r =>
        {
            var from = From(r);
            asked.Add(from);
            var part = good[from..Math.Min(good.Length, from + bytes)];
            var answer = new Answer(from > 0 ? 206 : 200, part) { ContentLength = good.Length - from };
            return from == 0 ? answer : answer with
            {
                Headers = $"Content-Range: bytes {from}-{good.Length - 1}/{good.Length}\r\n",
            };
        };
    }

    [Fact]
    public async Task A_broken_download_goes_on_where_it_stopped()
    {
        var reference = _registry.Serve(_image);
        var asked = new List<int>();
        ServeInParts(2000, asked);
        await using var store = Open();
        await store.EnsureAsync(reference, null, CancellationToken.None);
        Assert.Equal([0, 2000, 4000, 6000], asked);
        Assert.Empty(Directory.GetFiles(_temp.At("store", "partial")));
    }

    [Fact]
    public async Task Also_after_the_daemon_was_restarted_and_damage_in_between_is_noticed()
    {
        var reference = _registry.Serve(_image);
        var good = _image.Blobs[Blob];
        _registry.Paths[$"/v2/demo/blobs/{Blob}"] = _ =>
            new Answer(200, good[..3000]) { ContentLength = good.Length, HangAfterBody = true };
        using (var soon = new CancellationTokenSource())
        {
            await using var store = Open();
            var pull = store.EnsureAsync(reference, null, soon.Token);
            var partial = _temp.At("store", "partial");
            for (var i = 0; i < 400 && !Directory.GetFiles(partial).Any(f => new FileInfo(f).Length == 3000); i++)
                await Task.Delay(25);
            await soon.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        }

        var left = Assert.Single(Directory.GetFiles(_temp.At("store", "partial")));
        Assert.Equal(3000, new FileInfo(left).Length);
        await File.WriteAllBytesAsync(left, [.. good[..2999], (byte)(good[2999] ^ 1)]);
        var asked = new List<int>();
        ServeInParts(int.MaxValue / 2, asked);
        await using var again = Open();
        await again.EnsureAsync(reference, null, CancellationToken.None);
        Assert.Equal([3000, 0], asked);
    }

    [Fact]
    public async Task A_registry_that_knows_no_ranges_is_asked_for_everything()
    {
        var reference = _registry.Serve(_image);
        var good = _image.Blobs[Blob];
        var tries = 0;
        _registry.Paths[$"/v2/demo/blobs/{Blob}"] = _ =>
            tries++ == 0 ? new Answer(200, good[..10]) { ContentLength = good.Length } : new Answer(200, good);
        await using var store = Open();
        await store.EnsureAsync(reference, null, CancellationToken.None);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task Another_part_than_asked_for_is_refused()
    {
        var reference = _registry.Serve(_image);
        var good = _image.Blobs[Blob];
        _registry.Paths[$"/v2/demo/blobs/{Blob}"] = r => From(r) == 0
            ? new Answer(200, good[..10]) { ContentLength = good.Length }
            : new Answer(206, good[20..]) { Headers = $"Content-Range: bytes 20-{good.Length - 1}/{good.Length}\r\n" };
        await using var store = Open();
        var e = await Assert.ThrowsAsync<ImageException>(() => store.EnsureAsync(reference, null, default));
        Assert.Equal(ImageErrorKind.Corrupt, e.Kind);
    }

    [Fact]
    public async Task Mirrors_are_asked_first_and_the_registry_when_they_fail()
    {
        using var mirror = new FakeRegistry();
        using var dead = new FakeRegistry();
        var notes = new List<string>();
        var options = new RegistryOptions
        {
            InsecureHosts = ["127.0.0.1"],
            Architecture = "amd64",
            Mirrors = new Dictionary<string, IReadOnlyList<string>> { [_registry.Host] = [dead.Host, mirror.Host] },
            Log = notes.Add,
        };
        mirror.Serve(_image);
        var reference = _registry.Tagged();
        await using var store = Open(options);
        var resolved = await store.ResolveAsync(reference, default);
        Assert.Equal(_image.Digest, resolved.Digest.ToString());
        Assert.StartsWith(_registry.Host, resolved.Canonical, StringComparison.Ordinal);
        // The mirror has a blob with other bytes: the registry's are taken.
        var bent = (byte[])_image.Blobs[Blob].Clone();
        bent[0] ^= 1;
        mirror.Paths[$"/v2/demo/blobs/{Blob}"] = _ => new Answer(200, bent);
        _registry.Serve(_image);
        await store.EnsureAsync(reference.Pin(resolved.Digest), null, default);
        Assert.Single(_registry.Requests);
        Assert.NotEmpty(dead.Requests);
        Assert.Contains(notes, n => n.Contains("another digest", StringComparison.Ordinal));
        Assert.Equal([$"{_registry.Host}/demo@{_image.Digest}"], store.Inventory.List()[0].Digests);
    }
}
