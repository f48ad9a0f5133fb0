using System.Collections.Concurrent;
using Swarm.Model;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>Pushes to Debian's own registry, with a password, and where passwords are kept.</summary>
public sealed class PushAndLoginTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    private ImageStore Open(DebianRegistry registry, CredentialStore? credentials = null) => ImageStore.Open(
        _temp.At("store"),
        registry.Options with { Credentials = host => credentials?.Find(host) },
        _ => { });

    private static Task<ImageDigest> ImportAsync(ImageStore store, string tag) => store.Files.ImportAsync(
        new MemoryStream(new TestTar().File("a", "x").Bytes()), tag, new ImportOptions("", []), s_none);

    private static async Task<(PushedImage Image, List<PushPhase> Phases)> PushAsync(ImageStore store, string tag)
    {
        var told = new ConcurrentQueue<PushedLayer>();
        var pushed = await store.Files.PushAsync(tag, told.Enqueue, s_none);
        return (pushed, [.. told.Select(t => t.Phase)]);
    }

    [Fact]
    public async Task A_pushed_image_can_be_pulled_and_is_sent_once()
    {
        await using var registry = await DebianRegistry.StartAsync(_temp);
        await using var store = Open(registry);
        var tag = registry.Host + "/team/busy:1";
        var id = await ImportAsync(store, tag);
        var (pushed, phases) = await PushAsync(store, tag);
        Assert.Equal([PushPhase.Preparing, PushPhase.Pushing, PushPhase.Pushed], phases);
        Assert.Equal([PushPhase.Preparing, PushPhase.Exists], (await PushAsync(store, tag)).Phases);
        store.Inventory.Tag(tag, registry.Host + "/other/busy:2");
        Assert.Equal(PushPhase.Mounted, (await PushAsync(store, registry.Host + "/other/busy:2")).Phases[^1]);
        Assert.Equal(
            [$"{registry.Host}/other/busy@{pushed.Digest}", $"{registry.Host}/team/busy@{pushed.Digest}"],
            store.Inventory.Get(tag).Digests);
        store.Inventory.Remove(id.ToString(), force: true);
        var resolved = await store.ResolveAsync(ImageReference.Parse(tag), s_none);
        Assert.Equal(pushed.Digest, resolved.Digest);
        var again = await store.EnsureAsync(ImageReference.Parse(resolved.Canonical), null, s_none);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(again.LayerDirectories[0], "a")));
        Assert.Equal(ImageErrorKind.NotFound, (await Assert.ThrowsAsync<ImageException>(
            () => PushAsync(store, registry.Host + "/nosuch:1"))).Kind);
    }

    [Fact]
    public async Task A_registry_with_a_password_wants_a_login()
    {
        await using var registry = await DebianRegistry.StartAsync(_temp, withPassword: true);
        var credentials = new CredentialStore(_temp.At("credentials.json"));
        await using var store = Open(registry, credentials);
        var tag = registry.Host + "/busy:1";
        await ImportAsync(store, tag);
        var denied = await Assert.ThrowsAsync<ImageException>(() => PushAsync(store, tag));
        Assert.Equal(ImageErrorKind.Denied, denied.Kind);
        Assert.Contains("swarmctl login " + registry.Host, denied.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<ImageException>(() => store.Registry.CheckCredentialsAsync(
            registry.Host, DebianRegistry.Joe with { Password = "canary-1" }, s_none));
        Assert.Contains("incorrect username or password", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary-1", wrong.ToString(), StringComparison.Ordinal);
        await store.Registry.CheckCredentialsAsync(registry.Host, DebianRegistry.Joe, s_none);
        credentials.Set(registry.Host, DebianRegistry.Joe);
        await PushAsync(store, tag);
        await store.ResolveAsync(ImageReference.Parse(tag), s_none);
        credentials.Remove(registry.Host);
        store.Registry.Forget(registry.Host);
        await Assert.ThrowsAsync<ImageException>(() => store.ResolveAsync(ImageReference.Parse(tag), s_none));
    }

    [Fact]
    public async Task Credentials_that_come_with_a_reference_serve_it_alone()
    {
        await using var registry = await DebianRegistry.StartAsync(_temp, withPassword: true);
        await using var pushing = ImageStore.Open(
            _temp.At("pushing"), registry.Options with { Credentials = _ => DebianRegistry.Joe }, _ => { });
        var tag = registry.Host + "/busy:1";
        await ImportAsync(pushing, tag);
        var pushed = (await PushAsync(pushing, tag)).Image;

        // The node has a login of its own, which the registry does not take.
        await using var store = ImageStore.Open(
            _temp.At("store"),
            registry.Options with { Credentials = _ => new RegistryCredentials("node", "none") }, _ => { });
        var plain = ImageReference.Parse(tag);
        var given = plain.With(
            [new RegistryLogin(registry.Host, DebianRegistry.Joe.User, DebianRegistry.Joe.Password)]);
        Assert.Equal(pushed.Digest, (await store.ResolveAsync(given, s_none)).Digest);
        Assert.Equal(ImageErrorKind.Denied, (await Assert.ThrowsAsync<ImageException>(
            () => store.ResolveAsync(plain, s_none))).Kind);

        // Both at once: what the one is refused is not the other's failure.
        var refused = store.EnsureAsync(plain.Pin(pushed.Digest), null, s_none);
        var got = await store.EnsureAsync(given.Pin(pushed.Digest), null, s_none);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(got.LayerDirectories[0], "a")));
        await Task.WhenAny(refused);
        Assert.Null(given.At("mirror.test").Credentials);
        Assert.DoesNotContain(DebianRegistry.Joe.Password, $"{given} {given.FullName}", StringComparison.Ordinal);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(_temp.At("store"), "*", SearchOption.AllDirectories),
            f => File.ReadAllBytes(f).AsSpan().IndexOf("s3cret"u8) >= 0);
    }

    [Fact]
    public async Task A_registry_without_passwords_stores_none()
    {
        await using var registry = await DebianRegistry.StartAsync(_temp);
        using var client = new RegistryClient(registry.Options);
        var e = await Assert.ThrowsAsync<ImageException>(
            () => client.CheckCredentialsAsync(registry.Host, DebianRegistry.Joe, s_none));
        Assert.Contains("asks for no credentials", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_are_for_root_alone_and_outlive_the_daemon()
    {
        var file = _temp.At("credentials.json");
        var store = new CredentialStore(file);
        store.Set("docker.io", new RegistryCredentials("joe", "pass:word"));
        store.Set("10.0.0.1:5000", new RegistryCredentials("ann", "x"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var again = new CredentialStore(file);
        Assert.Equal("pass:word", again.Find("docker.io")!.Password);
        Assert.Null(again.Find("10.0.0.1"));
        Assert.Null(again.Find("10.0.0.1:5001"));
        Assert.True(again.Remove("docker.io"));
        Assert.False(again.Remove("docker.io"));
        Assert.Null(new CredentialStore(file).Find("docker.io"));
        Assert.DoesNotContain("pass", new RegistryCredentials("joe", "pass").ToString(), StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => store.Set("h.x", new RegistryCredentials("a:b", "x")));
        File.WriteAllText(file, "{");
        Assert.Throws<IOException>(() => new CredentialStore(file));
    }

    [Theory]
    [InlineData("", "docker.io")]
    [InlineData("docker.io", "docker.io")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("10.99.0.5:5000", "10.99.0.5:5000")]
    [InlineData("https://registry.example.com/v2/", "registry.example.com")]
    [InlineData("localhost", "localhost")]
    [InlineData("registry", null)]
    [InlineData("a b.c", null)]
    [InlineData("h.x:99999", null)]
    public void Hosts_as_people_write_them(string server, string? host)
    {
        if (host is null)
            Assert.Throws<ImageException>(() => CredentialStore.HostOf(server));
        else
            Assert.Equal(host, CredentialStore.HostOf(server));
    }
}
