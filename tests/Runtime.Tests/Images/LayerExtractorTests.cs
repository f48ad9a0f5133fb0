using System.Text;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

public sealed class LayerExtractorTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    private string Root => _temp.At("root");

    private ExtractedLayer Extract(byte[] blob, LayerLimits? limits = null)
    {
        _temp.Sub("root");
        File.WriteAllBytes(_temp.At("blob"), blob);
        return LayerExtractor.Extract(_temp.At("blob"), Root, limits ?? new LayerLimits(), CancellationToken.None);
    }

    private void Refused(TestTar tar, string why) => Refused(tar.Bytes(), why);

    private void Refused(byte[] blob, string why, LayerLimits? limits = null)
    {
        _temp.Sub("outside");
        File.WriteAllText(_temp.At("outside", "victim"), "safe");
        var before = TestTools.Listing(_temp.At("outside"));
        var e = Assert.Throws<ImageException>(() => Extract(blob, limits));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Equal(before, TestTools.Listing(_temp.At("outside")));
    }

    [Theory]
    [InlineData("../x", "'..'")]
    [InlineData("a/../../x", "'..'")]
    [InlineData("a/..", "'..'")]
    [InlineData("/etc/x", "absolute")]
    [InlineData("", "empty")]
    public void Img1_paths_that_leave_the_root(string name, string why) => Refused(new TestTar().File(name), why);

    [Fact]
    public void Img2_a_link_to_outside_is_no_way_out()
    {
        Refused(new TestTar().Symlink("etc", _temp.At("outside")).File("etc/x"), "leads nowhere");
        Refused(new TestTar().Symlink("up", "../outside").File("up/x"), "leads nowhere");
        Refused(new TestTar().Symlink("p", "/proc/self/cwd").Symlink("etc", "p/x").File("etc/y/z"), "leads nowhere");
    }

    [Fact]
    public void Img2_links_within_the_root_are_followed_for_parents()
    {
        Extract(new TestTar().Directory("usr/lib").Symlink("lib", "/usr/lib").File("lib/a.so", "lib").Bytes());
        Assert.Equal("lib", File.ReadAllText(Path.Combine(Root, "usr/lib/a.so")));
    }

    [Fact]
    public void Img2_a_link_at_the_end_is_replaced_and_not_written_through()
    {
        _temp.Sub("outside");
        File.WriteAllText(_temp.At("outside", "victim"), "safe");
        Extract(new TestTar().Symlink("f", _temp.At("outside", "victim")).File("f", "evil").Bytes());
        Assert.Equal("safe", File.ReadAllText(_temp.At("outside", "victim")));
        Assert.Equal("evil", File.ReadAllText(Path.Combine(Root, "f")));
        Assert.Null(new FileInfo(Path.Combine(Root, "f")).LinkTarget);
    }

    [Fact]
    public void Img3_hard_links_come_from_the_layer_only()
    {
        Refused(new TestTar().HardLink("x", "/etc/passwd"), "no file of this layer");
        Refused(new TestTar().HardLink("x", "../outside/victim"), "'..'");
        Refused(new TestTar().Symlink("d", _temp.At("outside")).HardLink("x", "d/victim"), "no file of this layer");
        Refused(new TestTar().Directory("dir").HardLink("x", "dir"), "no file of this layer");
        Refused(new TestTar().File(".wh.gone", "").HardLink("x", "gone"), "no file of this layer");
    }

    [Fact]
    public void Img3_a_hard_link_to_a_link_is_the_link_itself()
    {
        _temp.Sub("outside");
        File.WriteAllText(_temp.At("outside", "victim"), "safe");
        Extract(new TestTar().Symlink("s", _temp.At("outside", "victim")).HardLink("x", "s").File("x", "evil").Bytes());
        Assert.Equal("safe", File.ReadAllText(_temp.At("outside", "victim")));
    }

    [Fact]
    public void A_hard_link_to_itself_keeps_the_file()
    {
        Extract(new TestTar().File("d/a", "one").HardLink("d/b", "d/a").HardLink("d/a", "d/a").Bytes());
        Assert.Equal("one", File.ReadAllText(Path.Combine(Root, "d/a")));
        Assert.Contains("./d/b f 644 0:0 3 2 ", TestTools.Listing(Root), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".wh..")]
    [InlineData(".wh...")]
    [InlineData(".wh.")]
    [InlineData(".wh..wh.plnk")]
    [InlineData("a/.wh..wh.aufs")]
    [InlineData(".wh.dir/x")]
    public void Img4_whiteouts_of_what_is_no_name(string name) => Refused(new TestTar().File(name, ""), "is refused");

    [Fact]
    public void Img4_whiteouts_do_not_reach_through_links()
    {
        Refused(new TestTar().Symlink("d", _temp.At("outside")).File("d/.wh.victim", ""), "leads nowhere");
        Refused(new TestTar().Symlink("d", _temp.At("outside")).File("d/.wh..wh..opq", ""), "leads nowhere");
    }

    [Fact]
    public void Img5_device_nodes_are_left_out_and_setuid_stays()
    {
        var layer = Extract(new TestTar().Node("sda", '4').Node("null", '3').Node("pipe", '6')
            .File("su", "x", mode: 0x9ED, uid: 1000, gid: 70000).Bytes());
        Assert.Equal(2, layer.Notes.Count);
        var listing = TestTools.Listing(Root);
        Assert.DoesNotContain("sda", listing, StringComparison.Ordinal);
        Assert.Contains("./pipe p 644", listing, StringComparison.Ordinal);
        Assert.Contains("./su f 4755 1000:70000", listing, StringComparison.Ordinal);
    }

    [Fact]
    public void Img5_only_harmless_attributes_are_kept()
    {
        byte[] capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        var layer = Extract(new TestTar()
            .Pax(("SCHILY.xattr.security.capability", capability))
            .File("ping")
            .Pax(("SCHILY.xattr.trusted.overlay.redirect", "/"u8.ToArray()),
                ("SCHILY.xattr.trusted.overlay.opaque", "y"u8.ToArray()))
            .Directory("d").Bytes());
        Assert.Equal(2, layer.Notes.Count);
        using var ping = File.OpenHandle(Path.Combine(Root, "ping"));
        Assert.True(FileNative.HasAttribute(ping, NativeName.Of("security.capability"), capability));
        using var d = ImageNative.OpenDirectory(Path.Combine(Root, "d"));
        Assert.False(Whiteouts.IsOpaque(d));
    }

    [Fact]
    public void Img6_within_a_layer_the_last_kind_of_a_name_counts()
    {
        Extract(new TestTar().Directory("a").File("a/b").Symlink("a", "elsewhere").Symlink("c", "x").Directory("c")
            .File("c/d").Bytes());
        var listing = TestTools.Listing(Root);
        Assert.Contains("./a l 777", listing, StringComparison.Ordinal);
        Assert.Contains("./c/d f", listing, StringComparison.Ordinal);
    }

    [Fact]
    public void Img6_a_replaced_link_is_not_used_from_memory()
    {
        // s leads to d itself; then it becomes a directory. What follows goes into the directory.
        Extract(new TestTar().Directory("d").Symlink("d/s", ".").File("d/s/one").Directory("d/s/s").File("d/s/two")
            .Bytes());
        Assert.True(File.Exists(Path.Combine(Root, "d/one")));
        Assert.True(File.Exists(Path.Combine(Root, "d/s/two")));
    }

    [Fact]
    public void Img7_many_entries_deep_paths_and_lies()
    {
        var many = new TestTar();
        for (var i = 0; i < 1001; i++)
        {
            many.File($"f{i}", "");
        }

        Refused(many.Bytes(), "more than 1000 entries", new LayerLimits { MaxEntries = 1000 });
        Refused(new TestTar().Pax(("path", string.Concat(Enumerable.Repeat("a/", 300)) + "x")).File("y"),
            "deeper than");
        Refused(new TestTar().Pax(("path", new string('a', 5000))).File("y"), "longer than");
        Refused(new TestTar().Pax(("path", new string('a', 300))).File("y"), "longer than");
        Refused(new TestTar().Pax(("size", "99999999999")).File("y").WithoutEnd(), "truncated");
        Refused(new TestTar().Pax(("size", "-5")).File("y"), "not a number");
        Refused(new TestTar().Header("x", '0', -512), "negative");
        Refused(new TestTar().Raw('S', "sparse", []), "sparse");
        Refused(new TestTar().Pax(("GNU.sparse.major", "1")).File("y"), "sparse");
        Refused(new TestTar().Header("x", 'x', 2 << 20), "extended header");
        Refused(new TestTar().Raw('x', "x", "99 a=b\n"u8.ToArray()), "PAX");
        Refused(new TestTar().Header("x", '0', 0, uid: -1), "out of range");
        Refused(new TestTar().Raw('?', "x", []), "unknown type");
    }

    [Fact]
    public void Img8_bombs_are_refused_before_the_disk_is_full()
    {
        var small = new LayerLimits { FreeExpansionBytes = 1 << 20 };
        Refused(TestTar.Gzip(new TestTar().Zeros("zeros", 64 << 20).Bytes()), "decompression bomb", small);
        Refused(Zstd(new TestTar().Zeros("zeros", 64 << 20).Bytes()), "decompression bomb", small);
        Refused(new TestTar().Zeros("zeros", 2 << 20).Bytes(), "more than 1048576 bytes",
            new LayerLimits { MaxUncompressedBytes = 1 << 20 });
        // Also behind the end of the archive, where no entry counts it.
        Refused(TestTar.Gzip([.. new TestTar().File("a").Bytes(), .. new byte[64 << 20]]), "decompression bomb", small);
    }

    [Fact]
    public void Img8_concatenated_streams_are_one_archive()
    {
        var tar = new TestTar().File("a", "one").File("b", "two").Bytes();
        var layer = Extract([.. TestTar.Gzip(tar[..700]), .. TestTar.Gzip(tar[700..])]);
        Assert.Equal(ImageDigest.Of(tar), layer.DiffId);
        Directory.Delete(Root, true);
        Assert.Equal(ImageDigest.Of(tar), Extract([.. Zstd(tar[..700]), .. Zstd(tar[700..])]).DiffId);
        Assert.Equal("two", File.ReadAllText(Path.Combine(Root, "b")));
    }

    [Fact]
    public void Img8_truncated_streams_are_refused()
    {
        var tar = new TestTar().File("a", new string('q', 100_000)).WithoutEnd();
        foreach (var packed in (byte[][])[TestTar.Gzip(tar), Zstd(tar), tar])
        {
            var e = Assert.Throws<ImageException>(() => Extract(packed[..(packed.Length / 2)]));
            Assert.Equal(ImageErrorKind.Corrupt, e.Kind);
        }

        Refused("this is no archive at all, but it is longer than one block"u8.ToArray(), "truncated");
        Refused(Encoding.ASCII.GetBytes(new string('z', 2000)), "not");
    }

    [Fact]
    public void Forms_of_tar_that_builders_write()
    {
        var longName = string.Join('/', Enumerable.Repeat(new string('n', 60), 4));
        Extract(new TestTar().Directory("./").Directory("./d/", 0x1C0, 5, 6)
            .Raw('g', "global", "13 comment=x\n"u8.ToArray())
            .Raw('L', "././@LongLink", Encoding.ASCII.GetBytes(longName + "\0")).File("short", "gnu")
            .Pax(("path", "päx"), ("uid", "4000000"), ("mtime", "12.5")).File("y", "pax")
            .Raw('K', "././@LongLink", Encoding.ASCII.GetBytes(longName + "\0")).Symlink("link", "short")
            .File("big", "id", uid: 3_000_000).Bytes());
        var listing = TestTools.Listing(Root);
        Assert.Equal("gnu", File.ReadAllText(Path.Combine(Root, longName)));
        Assert.Contains("./d d 700 5:6 1000.0", listing, StringComparison.Ordinal);
        Assert.Contains("./päx f 644 4000000:0 3 1 12.5", listing, StringComparison.Ordinal);
        Assert.Contains("1000.0000000000 " + longName, listing, StringComparison.Ordinal);
        Assert.Contains("./big f 644 3000000:0", listing, StringComparison.Ordinal);
    }

    [Fact]
    public void Directories_without_an_entry_are_told()
    {
        var layer = Extract(new TestTar().File("tmp/a/x").Directory("tmp/a").Bytes());
        Assert.Equal(["", "tmp"], layer.ImplicitDirectories.Order());
    }

    private byte[] Zstd(byte[] bytes)
    {
        File.WriteAllBytes(_temp.At("plain"), bytes);
        TestTools.Run("zstd", "-q", "-f", _temp.At("plain"), "-o", _temp.At("packed"));
        return File.ReadAllBytes(_temp.At("packed"));
    }
}
