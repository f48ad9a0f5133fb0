using System.Text;
using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Verbs;

/// <summary>What `image ls`, `history` and the progress of a pull print.</summary>
public sealed class ImageVerbsTests
{
    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(3220, "3.22kB")]
    [InlineData(11_800_000, "11.8MB")]
    [InlineData(146_400_000, "146MB")]
    [InlineData(2_000_000_000, "2GB")]
    public void Sizes_are_dockers(ulong bytes, string text) => Assert.Equal(text, ImageParts.Size(bytes));

    [Theory]
    [InlineData("busy:1", "busy", "1")]
    [InlineData("10.0.0.1:5000/a/b:2", "10.0.0.1:5000/a/b", "2")]
    [InlineData("10.0.0.1:5000/a/b", "10.0.0.1:5000/a/b", "<none>")]
    public void Names_have_a_repository_and_a_tag(string name, string repository, string tag) =>
        Assert.Equal((repository, tag), ImageParts.Split(name));

    private static async Task<List<ImageRowName>> NamesAsync(ImageView image, string? pattern, params string[] filters)
    {
        await using var ctl = new Swarm.Ctl.Cli.Ctl(null, TextWriter.Null, TextWriter.Null);
        return [.. (await ImageFilters.ReadAsync(ctl, filters, pattern, CancellationToken.None)).Names(image)];
    }

    [Fact]
    public async Task An_image_has_a_row_for_each_tag_and_one_for_a_repository_without()
    {
        var image = new ImageView
        {
            Tags = { "a:1", "a:2", "r.x:5000/b/c:3" },
            Digests = { "a@sha256:11", "other@sha256:22" },
            CreatedNs = 1_000_000_000_000,
        };
        Assert.Equal(
            [
                new("a", "1", "sha256:11"), new("a", "2", "sha256:11"), new("r.x:5000/b/c", "3", "<none>"),
                new("other", "<none>", "sha256:22"),
            ],
            await NamesAsync(image, null));
        Assert.Equal(["1", "2"], (await NamesAsync(image, "a")).Select(n => n.Tag));
        Assert.Equal(["2"], (await NamesAsync(image, "?:2")).Select(n => n.Tag));
        Assert.Equal(["3"], (await NamesAsync(image, null, "reference=r.x:5000/*/c")).Select(n => n.Tag));
        Assert.Empty(await NamesAsync(image, null, "reference=r.x:5000/*"));
        Assert.Empty(await NamesAsync(image, null, "dangling=true"));
        Assert.Empty(await NamesAsync(image, null, "until=1970-01-01T00:10:00Z"));
        Assert.Equal(4, (await NamesAsync(image, null, "until=1970-01-01T00:20:00Z")).Count);
        var none = new ImageView();
        Assert.Equal([new("<none>", "<none>", "<none>")], await NamesAsync(none, null, "dangling=1"));
        Assert.Empty(await NamesAsync(none, "*"));
        await Assert.ThrowsAsync<Swarm.Ctl.Cli.UsageException>(() => NamesAsync(none, null, "dangling=perhaps"));
    }

    [Fact]
    public void Steps_take_the_layers_in_order_and_the_newest_comes_first()
    {
        var image = new InspectImageResponse
        {
            Image = new ImageView { Id = "sha256:0123456789abcdef" },
            Config = Google.Protobuf.ByteString.CopyFrom(Encoding.UTF8.GetBytes("""
                {"history":[{"created":"2026-11-21T00:00:00Z","created_by":"COPY file:73e2b2d48642b21b73e2b2d48642 /"},
                {"created_by":"CMD [\"sh\"]","empty_layer":true},{"created_by":"RUN \u001b[2J","comment":"c"}]}
                """)),
            LayerBytes = { 1_980_000, 3220, 7 },
        };
        var rows = ImageHistory.Rows(image, whole: false, human: true);
        Assert.Equal(["7B", "3.22kB", "0B", "1.98MB"], rows.Select(r => (string?)r["Size"]));
        Assert.Equal(["0123456789ab", "<missing>", "<missing>", "<missing>"], rows.Select(r => (string?)r["ID"]));
        Assert.Equal("COPY file:73e2b2d48642b21b73e2b2d48642 /", (string?)rows[3]["CreatedBy"]);
        Assert.Equal("RUN ?[2J", (string?)rows[1]["CreatedBy"]);
        Assert.Equal("2026-11-21T00:00:00+00:00", (string?)rows[3]["CreatedAt"]);
        image.Config = Google.Protobuf.ByteString.CopyFromUtf8("{\"history\":7}");
        Assert.Equal(3, ImageHistory.Rows(image, whole: true, human: false).Count);
    }

    [Fact]
    public async Task Where_nobody_looks_each_change_of_a_layer_is_a_line()
    {
        var output = new StringWriter();
        await using var ctl = new Swarm.Ctl.Cli.Ctl(null, output, TextWriter.Null);
        var view = new TransferView(ctl, TransferView.Pulling, quiet: false);
        view.Begin("1: Pulling from a");
        Assert.Equal("", output.ToString());
        var layer = new LayerTransfer { Digest = "sha256:aaaaaaaaaaaaaaaaaaaa", Bytes = 10 };
        view.Show([layer]);
        layer.Phase = LayerTransfer.Types.Phase.Transferring;
        layer.BytesDone = 3;
        view.Show([layer]);
        layer.BytesDone = 5;
        view.Show([layer]);
        layer.Phase = LayerTransfer.Types.Phase.Complete;
        view.Show([layer]);
        Assert.Equal(
            "1: Pulling from a\naaaaaaaaaaaa: Pulling fs layer\naaaaaaaaaaaa: Downloading\n"
            + "aaaaaaaaaaaa: Pull complete\n",
            output.ToString());
    }
}
