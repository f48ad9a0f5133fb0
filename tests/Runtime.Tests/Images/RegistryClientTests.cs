using System.Text;
using Swarm.Runtime.Images;
using static Swarm.Runtime.Tests.Images.FakeRegistry;

namespace Swarm.Runtime.Tests.Images;

public sealed class RegistryClientTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly TestImage _image = TestImage.Of(new TestTar().File("a").Bytes());

    public void Dispose() => _registry.Dispose();

    private async Task<ResolvedImage> ResolveAsync(ImageReference? reference = null, RegistryOptions? options = null)
    {
        using var client = new RegistryClient(options ?? _registry.Options);
        return await client.ResolveAsync(reference ?? _registry.Tagged(), CancellationToken.None);
    }

    private async Task<ImageException> FailsAsync(
        ImageErrorKind kind, string why, ImageReference? reference = null, RegistryOptions? options = null)
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => ResolveAsync(reference, options));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Equal(kind, e.Kind);
        return e;
    }

    [Fact]
    public async Task Reg8_a_tag_becomes_its_digest()
    {
        _registry.Serve(_image);
        var resolved = await ResolveAsync();
        Assert.Equal($"{_registry.Host}/demo:1@{_image.Digest}", resolved.Canonical);
        Assert.Equal([new ImagePlatform("linux", "amd64")], resolved.Platforms);
        _registry.Serve(TestImage.Of(new TestTar().File("moved").Bytes()));
        Assert.NotEqual(resolved.Digest, (await ResolveAsync()).Digest);
    }

    [Fact]
    public async Task An_index_tells_its_platforms()
    {
        var index = TestImage.Index(
            ("amd64", _image.MediaType, _image.Manifest), ("arm64", _image.MediaType, [1]),
                ("unknown", _image.MediaType, [2]));
        _registry.ServeManifest(index, "application/vnd.oci.image.index.v1+json");
        Assert.Equal(["linux/amd64", "linux/arm64"], (await ResolveAsync()).Platforms.Select(p => p.ToString()));
    }

    [Fact]
    public async Task Errors_say_what_is_wrong()
    {
        await FailsAsync(ImageErrorKind.NotFound, $"No such image: {_registry.Host}/nosuch:1",
            _registry.Tagged("nosuch:1"));
        await FailsAsync(
            ImageErrorKind.NotFound, "check the name, or push it there first", _registry.Tagged("nosuch:1"));
        await FailsAsync(ImageErrorKind.Unreachable, "127.0.0.1:1 cannot be reached",
            ImageReference.Parse("127.0.0.1:1/x"));
        _registry.Paths["/v2/demo/manifests/1"] = _ => new Answer(503, []);
        await FailsAsync(ImageErrorKind.Unreachable, "503");
        _registry.Paths["/v2/demo/manifests/1"] = _ => new Answer(403, []);
        await FailsAsync(ImageErrorKind.Denied, "pull access denied");
    }

    [Fact]
    public async Task Plain_http_only_for_listed_hosts()
    {
        _registry.Serve(_image);
        var strict = _registry.Options with { InsecureHosts = ["127.0.0.1:1", "10.0.0.0/8"] };
        await FailsAsync(ImageErrorKind.Unreachable, "swarmd --insecure-registry", options: strict);
        Assert.Empty(_registry.Requests);
        await ResolveAsync(options: _registry.Options with { InsecureHosts = ["127.0.0.0/8"] });
    }

    [Fact]
    public async Task Reg1_one_wrong_byte_is_refused()
    {
        var reference = _registry.Serve(_image);
        var bent = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_image.Manifest)
            .Replace("\"schemaVersion\"", " \"schemaVersion\"", StringComparison.Ordinal));
        _registry.Paths[$"/v2/demo/manifests/{_image.Digest}"] = _ => new Answer(200, bent, _image.MediaType);
        await FailsAsync(ImageErrorKind.Corrupt, "its digest is", reference);
        _registry.Paths["/v2/demo/manifests/1"] = _ => new Answer(200, bent, _image.MediaType)
        {
            Headers = $"Docker-Content-Digest: {_image.Digest}\r\n",
        };
        await FailsAsync(ImageErrorKind.Corrupt, "promised was");
    }

    [Fact]
    public async Task Reg4_redirects_to_this_machine_or_link_are_not_followed()
    {
        string[] bad =
        [
            "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://0.0.0.0:80/",
                "http://[::ffff:169.254.169.254]/",
            "file:///etc/passwd", "ftp://10.0.0.1/", "gopher://x/",
        ];
        foreach (var target in bad)
        {
            _registry.Paths["/v2/demo/manifests/1"] = _ => new Answer(307, []) { Headers = $"Location: {target}\r\n" };
            var e = await Assert.ThrowsAsync<ImageException>(() => ResolveAsync());
            Assert.Equal(ImageErrorKind.Denied, e.Kind);
        }

        _registry.Paths["/v2/demo/manifests/1"] = _ =>
            new Answer(302, []) { Headers = "Location: /v2/demo/manifests/1\r\n" };
        await FailsAsync(ImageErrorKind.Invalid, "redirects more than");
    }

    [Fact]
    public async Task Reg5_endless_silent_or_lying_answers_end()
    {
        _registry.StallTimeout = TimeSpan.FromSeconds(3);
        _registry.Paths["/v2/demo/manifests/1"] = _ =>
            new Answer(200, new byte[100], TestImage.OciManifest) { ContentLength = 200, HangAfterBody = true };
        await FailsAsync(ImageErrorKind.Unreachable, "stalled");
        _registry.Paths["/v2/demo/manifests/1"] = _ =>
            new Answer(200, new byte[100], TestImage.OciManifest) { ContentLength = 200 };
        await FailsAsync(ImageErrorKind.Unreachable, "broke off");
        _registry.Paths["/v2/demo/manifests/1"] = _ => new Answer(200, new byte[(4 << 20) + 1], TestImage.OciManifest);
        await FailsAsync(ImageErrorKind.TooLarge, "more than");
        _registry.Paths["/v2/demo/manifests/1"] = _ =>
            new Answer(200, [], TestImage.OciManifest) { HangAfterBody = true, ContentLength = 5 };
        await FailsAsync(ImageErrorKind.Unreachable, "stalled");
    }

    [Fact]
    public async Task A_token_is_fetched_once_and_used()
    {
        _registry.Serve(_image);
        _registry.Gate = r => r.Path.StartsWith("/v2/", StringComparison.Ordinal)
            && r.Headers.GetValueOrDefault("Authorization") != "Bearer t0k"
            ? new Answer(401, []) { Headers =
                $"WWW-Authenticate: Bearer realm=\"http://{_registry.Host}/token\",service=\"reg, "
                    + $"one\",scope=\"repository:demo:pull,push\"\r\n" }
            : null;
        _registry.Paths["/token"] = _ => new Answer(200, "{\"token\":\"t0k\",\"expires_in\":300}"u8.ToArray());
        Assert.Equal(_image.Digest, (await ResolveAsync()).Digest.ToString());
        Assert.Equal(1, _registry.Asked("/token"));
        Assert.Equal("/token?scope=repository%3Ademo%3Apull&service=reg%2C%20one",
            _registry.Requests.First(r => r.Path.StartsWith("/token", StringComparison.Ordinal)).Path);
    }

    [Fact]
    public async Task Reg7_credentials_go_to_their_registry_only()
    {
        using var thief = new FakeRegistry();
        _registry.Serve(_image);
        var asked = new List<string>();
        var options = _registry.Options with
        {
            Credentials = host =>
            {
                asked.Add(host);
                return host == _registry.Host ? new RegistryCredentials("me", "secret") : null;
            },
        };
        var basic = "Basic " + Convert.ToBase64String("me:secret"u8);
        _registry.Gate = r => r.Headers.GetValueOrDefault("Authorization") == basic
            ? null : new Answer(401, []) { Headers = "WWW-Authenticate: Basic realm=\"r\"\r\n" };
        await ResolveAsync(options: options);
        Assert.All(asked, h => Assert.Equal(_registry.Host, h));

        // A redirect does not carry them away.
        _registry.Paths["/v2/demo/manifests/1"] = _ =>
            new Answer(307, []) { Headers = $"Location: http://{thief.Host}/v2/x\r\n" };
        await Assert.ThrowsAsync<ImageException>(() => ResolveAsync(options: options));
        Assert.DoesNotContain("Authorization", Assert.Single(thief.Requests).Headers.Keys);

        // Nor does a token service elsewhere get them.
        _registry.Gate = _ => new Answer(
            401, []) { Headers = $"WWW-Authenticate: Bearer realm=\"http://{thief.Host}/token\"\r\n" };
        await FailsAsync(ImageErrorKind.Denied, "refused", options: options);
        Assert.Single(thief.Requests);
    }

    [Theory]
    [InlineData("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth", true)]
    [InlineData("https://registry-1.docker.io/v2/", "https://auth.docker.io/token", true)]
    [InlineData("https://r.example.com/v2/", "https://r.example.com/token", true)]
    [InlineData("https://r.example.com/v2/", "http://r.example.com/token", false)]
    [InlineData("https://r.example.com/v2/", "https://com/token", false)]
    [InlineData("https://r.example.com/v2/", "https://evil.com/token", false)]
    [InlineData("https://r.example.com/v2/", "https://le.com/token", false)]
    [InlineData("https://10.0.0.5/v2/", "https://0.5/token", false)]
    [InlineData("http://10.0.0.5:5000/v2/", "http://10.0.0.5:5000/token", true)]
    [InlineData("http://10.0.0.5:5000/v2/", "http://10.0.0.5:5001/token", false)]
    public void Reg7_token_services(string registry, string service, bool may) =>
        Assert.Equal(may, RegistryAddress.MayHaveCredentials(new Uri(registry), new Uri(service)));

    [Fact]
    public async Task Cancelling_ends_the_wait_at_once()
    {
        _registry.Paths["/v2/demo/manifests/1"] = _ =>
            new Answer(200, [], TestImage.OciManifest) { HangAfterBody = true, ContentLength = 5 };
        using var client = new RegistryClient(_registry.Options with { StallTimeout = TimeSpan.FromMinutes(5) });
        using var cancel = new CancellationTokenSource();
        var resolving = client.ResolveAsync(_registry.Tagged(), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => resolving);
    }
}
