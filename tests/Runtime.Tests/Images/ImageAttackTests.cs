using System.Text;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Tests.Images;

/// <summary>IMG and REG of the attack list: what takes several layers, a lot of data, or a network to show.</summary>
public sealed class ImageAttackTests : IDisposable
{
    private const int Megabyte = 1 << 20;
    private readonly TempDirectory _temp = new();
    private readonly FakeRegistry _registry = new();

    public void Dispose()
    {
        OverlayRootfs.Unmount(_temp.At("task"));
        _registry.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public async Task Img6_a_directory_that_a_later_layer_makes_a_link_of_leads_no_write_outside()
    {
        var outside = _temp.Sub("outside");
        File.WriteAllText(outside + "/victim", "safe");
        var root = await MountAsync(
            new TestTar().Directory("d").File("d/below").Directory("e").File("e/victim", "own").Bytes(),
            new TestTar().Symlink("d", outside).Symlink("f", outside).Bytes(),
            new TestTar().File("d/victim", "evil").File("d/.wh.victim2", "").File("f/victim", "evil")
                .File("e/.wh.victim", "").Bytes());
        Assert.Equal("safe", File.ReadAllText(outside + "/victim"));
        Assert.Null(new DirectoryInfo(root + "/d").LinkTarget);
        Assert.Equal("evil", File.ReadAllText(root + "/d/victim"));
        Assert.False(File.Exists(root + "/d/below"), "what was below the replaced directory came back");
        Assert.Equal("evil", File.ReadAllText(root + "/f/victim"));
        Assert.False(File.Exists(root + "/e/victim"));
    }

    [Fact]
    public async Task Img6_a_link_that_a_later_layer_makes_a_directory_of_is_one()
    {
        var root = await MountAsync(
            new TestTar().Directory("real").File("real/a", "1").Symlink("d", "real").Bytes(),
            new TestTar().Directory("d").File("d/b", "2").Bytes());
        Assert.Null(new DirectoryInfo(root + "/d").LinkTarget);
        Assert.Equal([root + "/d/b"], Directory.GetFileSystemEntries(root + "/d"));
        Assert.Equal([root + "/real/a"], Directory.GetFileSystemEntries(root + "/real"));
    }

    [Fact]
    public void Img7_many_entries_and_links_are_unpacked()
    {
        var tar = new TestTar().File("d/x").File("d/y");
        for (var i = 0; i < 10_000; i++)
            tar.HardLink($"d/l{i}", i % 2 == 0 ? "d/x" : "d/y");
        File.WriteAllBytes(_temp.At("blob"), tar.Bytes());
        Extract(new LayerLimits());
        Assert.Equal(10_002, Directory.GetFiles(_temp.At("root", "d")).Length);
    }

    /// <summary>With the limits of production: 1 GiB of zeros in 1 MiB.</summary>
    [Fact]
    public void Img8_a_gigabyte_from_a_megabyte_is_refused_before_it_is_on_the_disk()
    {
        var piece = TestTar.Gzip(new byte[64 * Megabyte]);
        using (var file = File.Create(_temp.At("blob")))
        {
            file.Write(TestTar.Gzip(new TestTar().Header("zeros", '0', 1L << 30).WithoutEnd()));
            for (var i = 0; i < 16; i++)
                file.Write(piece);
        }

        Assert.InRange(new FileInfo(_temp.At("blob")).Length, Megabyte / 2, 2 * Megabyte);
        var e = Assert.Throws<ImageException>(() => Extract(new LayerLimits()));
        Assert.Contains("decompression bomb", e.Message, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(_temp.At("root", "zeros")).Length, 0, 300L * Megabyte);
    }

    [Fact]
    public void Img8_a_layer_that_takes_too_long_is_given_up()
    {
        File.WriteAllBytes(_temp.At("blob"), new TestTar().File("a").Bytes());
        var e = Assert.Throws<ImageException>(() => Extract(new LayerLimits { MaxExtractSeconds = 0 }));
        Assert.Contains("took longer", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A registry that is not on this machine sends us to a service that is.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0.0.0.0")]
    [InlineData("0")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("localhost")]
    public async Task Reg4_another_hosts_registry_does_not_send_us_to_services_of_this_machine(string host)
    {
        using var connections = new GuardedConnections(TimeSpan.FromSeconds(5));
        var port = _registry.Host.Split(':')[1];
        var target = new Uri($"http://{host}:{port}/latest/meta-data");
        var e = await Assert.ThrowsAnyAsync<Exception>(
            () => connections.For(new Uri("http://10.99.0.5:5000/v2/"), target).GetAsync(target));
        Assert.Equal(ImageErrorKind.Denied, (e as ImageException ?? e.InnerException as ImageException)?.Kind);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Reg3_a_foreign_layer_is_fetched_from_nowhere()
    {
        using var thief = new FakeRegistry();
        var image = TestImage.Of(new TestTar().File("a").Bytes());
        var foreign = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(image.Manifest).Replace(
            "\"layers\":[{", $"\"layers\":[{{\"urls\":[\"http://{thief.Host}/x\"],", StringComparison.Ordinal));
        var reference = _registry.ServeManifest(foreign, image.MediaType);
        thief.Gate = _ => new FakeRegistry.Answer(401, []) { Headers = "WWW-Authenticate: Basic realm=\"r\"\r\n" };
        var options = _registry.Options with { Credentials = _ => new RegistryCredentials("me", "secret") };
        await using var store = ImageStore.Open(_temp.At("images"), options, static _ => { });
        var e = await Assert.ThrowsAsync<ImageException>(() => store.EnsureAsync(reference, null, default));
        Assert.Contains("urls", e.Message, StringComparison.Ordinal);
        Assert.Empty(thief.Requests);
    }

    [Fact]
    public async Task Reg5_a_blob_that_drips_is_given_up()
    {
        var blob = new Descriptor("application/octet-stream", ImageDigest.Of(new byte[Megabyte]), Megabyte, null);
        using var file = File.OpenHandle(_temp.At("blob"), FileMode.Create, FileAccess.ReadWrite);
        var options = new RegistryOptions { GraceBeforeRate = TimeSpan.FromMilliseconds(100) };
        var e = await Assert.ThrowsAsync<ImageException>(
            () => new BlobDownload(options, blob, file, new LayerMeter(Megabyte)).RunAsync(new Dripping(), 0, default));
        Assert.Contains("too slow", e.Message, StringComparison.Ordinal);
    }

    private async Task<string> MountAsync(params byte[][] layers)
    {
        await using var store = ImageStore.Open(_temp.At("images"), _registry.Options, static _ => { });
        var local = await store.EnsureAsync(_registry.Serve(TestImage.Of(layers)), null, default);
        return OverlayRootfs.Mount(_temp.At("task"), local);
    }

    private ExtractedLayer Extract(LayerLimits limits)
    {
        TreeRemover.Remove(_temp.At("root"));
        return LayerExtractor.Extract(_temp.At("blob"), _temp.Sub("root"), limits, CancellationToken.None);
    }

    /// <summary>One byte, again and again.</summary>
    private sealed class Dripping : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => 0; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(10, cancellationToken);
            buffer.Span[0] = 0;
            return 1;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
