using FsCheck;
using FsCheck.Fluent;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

public sealed class ImageReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("nginx", "docker.io", "library/nginx", "latest", "nginx:latest")]
    [InlineData("nginx:1.25", "docker.io", "library/nginx", "1.25", "nginx:1.25")]
    [InlineData("user/app", "docker.io", "user/app", "latest", "user/app:latest")]
    [InlineData("docker.io/library/nginx", "docker.io", "library/nginx", "latest", "nginx:latest")]
    [InlineData("index.docker.io/x", "docker.io", "library/x", "latest", "x:latest")]
    [InlineData("10.99.0.5:5000/demo/web:1", "10.99.0.5:5000", "demo/web", "1", "10.99.0.5:5000/demo/web:1")]
    [InlineData("localhost/x", "localhost", "x", "latest", "localhost/x:latest")]
    [InlineData("[::1]:5000/x:y", "[::1]:5000", "x", "y", "[::1]:5000/x:y")]
    [InlineData("reg.example.com/a__b/c-d.e", "reg.example.com", "a__b/c-d.e", "latest",
        "reg.example.com/a__b/c-d.e:latest")]
    [InlineData("docker.io/foo.bar/x", "docker.io", "foo.bar/x", "latest", "docker.io/foo.bar/x:latest")]
    [InlineData("n:t@sha256:" + Hex, "docker.io", "library/n", "t", "n:t@sha256:" + Hex)]
    [InlineData("h:1/n@sha256:" + Hex, "h:1", "n", null, "h:1/n@sha256:" + Hex)]
    public void Parses(string text, string host, string repository, string? tag, string canonical)
    {
        var reference = ImageReference.Parse(text);
        Assert.Equal((host, repository, tag), (reference.Host, reference.Repository, reference.Tag));
        Assert.Equal(canonical, reference.ToString());
        Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
        Assert.Equal(reference, ImageReference.Parse(reference.FullName));
        Assert.Equal(text.Contains('@'), reference.IsPinned);
    }

    [Theory]
    [InlineData("UPPER:tag", "\"UPPER:tag\" is not a valid repository/tag")]
    [InlineData("img:bad tag", "is not a valid repository/tag")]
    [InlineData("", "must be provided")]
    [InlineData("a//b", "repository name")]
    [InlineData("/a", "repository name")]
    [InlineData("a/", "repository name")]
    [InlineData("a/../b", "repository name")]
    [InlineData("..", "repository name")]
    [InlineData("a..b/c", "host")]
    [InlineData("a:", "tag")]
    [InlineData("a:-x", "tag")]
    [InlineData("a\n", "repository name")]
    [InlineData("a:1\n", "tag")]
    [InlineData("h:99999/x", "host")]
    [InlineData("h:0/x", "host")]
    [InlineData("-h.x/y", "host")]
    [InlineData("a@sha256:123", "digest")]
    [InlineData("a@sha512:" + Hex, "digest")]
    [InlineData("a@sha256:" + Hex + "0", "digest")]
    [InlineData("https://h/x", "host")]
    [InlineData("user@h/x", "digest")]
    public void Refuses(string text, string why)
    {
        Assert.False(ImageReference.TryParse(text, out _, out var error));
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
        Assert.Equal(ImageErrorKind.Invalid, Assert.Throws<ImageException>(() => ImageReference.Parse(text)).Kind);
    }

    [Fact]
    public void Long_references_are_refused()
    {
        Assert.False(ImageReference.TryParse(new string('a', 2000), out _, out var error));
        Assert.Contains("too long", error, StringComparison.Ordinal);
        Assert.False(ImageReference.TryParse(new string('a', 256), out _, out error));
        Assert.Contains("255", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_accepted_reads_back_as_itself()
    {
        var piece = Gen.Elements(
            "a", "b1", "lib", "library", "docker.io", "localhost", "H", "x.y", "10.0.0.1", ":", "/", "@", ".", "-", "_",
                "__",
            "5000", "sha256:" + Hex, "\n", " ", "[::1]", "latest", "..");
        var texts = Gen.Select(Gen.ArrayOf(piece), p => string.Concat(p)).ToArbitrary();
        Prop.ForAll(texts, text =>
        {
            if (!ImageReference.TryParse(text, out var reference, out _))
                return true;
            var uri = new Uri($"https://{reference.Host}/v2/{reference.Repository}/x");
            return reference == ImageReference.Parse(reference.ToString())
                && reference == ImageReference.Parse(reference.FullName)
                && uri.AbsolutePath == $"/v2/{reference.Repository}/x";
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }
}
