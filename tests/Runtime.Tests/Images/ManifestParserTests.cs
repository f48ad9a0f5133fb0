using System.Text;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

public sealed class ManifestParserTests
{
    private const string D = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Config =
        "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"" + D + "\",\"size\":5}";
    private const string Layer = "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" + D
        + "\",\"size\":7}";
    private const string Index = "application/vnd.oci.image.index.v1+json";

    private static ManifestDocument Parse(string json, string type = TestImage.OciManifest) =>
        ManifestParser.Parse(Encoding.UTF8.GetBytes(json), type);

    [Fact]
    public void Reads_a_manifest_without_a_type_of_its_own()
    {
        var image = Assert.IsType<ManifestDocument.Image>(
            Parse($"{{\"schemaVersion\":2,{Config},\"layers\":[{Layer}]}}"));
        Assert.Equal(7, Assert.Single(image.Layers).Size);
    }

    [Theory]
    [InlineData("[]", "no JSON object")]
    [InlineData("nonsense", "no valid JSON")]
    [InlineData("{}", "schema version 2")]
    [InlineData("{\"schemaVersion\":1,\"fsLayers\":[]}", "schema version 2")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", "ambiguous")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[]," + Config + "}", "ambiguous")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[]}", "does not fit")]
    [InlineData("{\"schemaVersion\":2," + Config + "}", "does not fit")]
    [InlineData("{\"schemaVersion\":2,\"mediaType\":\"" + Index + "\"," + Config
        + ",\"layers\":[]}", "the registry says")]
    [InlineData("{\"schemaVersion\":2,\"layers\":[],\"layers\":[]," + Config + "}", "no valid JSON")]
    [InlineData("{\"schemaVersion\":2," + Config + ",\"layers\":[{\"mediaType\":\"text/x\",\"digest\":\"" + D
        + "\",\"size\":7}]}", "not supported")]
    [InlineData("{\"schemaVersion\":2," + Config
        + ",\"layers\":[{\"digest\":\"sha512:00\",\"size\":7}]}", "not sha256")]
    [InlineData("{\"schemaVersion\":2," + Config + ",\"layers\":[{\"digest\":\"" + D + "\",\"size\":-7}]}", "bytes")]
    [InlineData("{\"schemaVersion\":2," + Config + ",\"layers\":[{\"digest\":\"" + D
        + "\",\"size\":99999999999999}]}", "bytes")]
    [InlineData("{\"schemaVersion\":2," + Config + ",\"layers\":[{\"size\":1}]}", "no valid JSON")]
    [InlineData("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.helm\",\"digest\":\"" + D
        + "\",\"size\":1},\"layers\":[]}", "no container image")]
    public void Reg2_refuses(string json, string why)
    {
        var e = Assert.Throws<ImageException>(() => Parse(json));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reg3_foreign_layers_are_refused()
    {
        var foreign = Layer.Replace("\"size\"", "\"urls\":[\"http://evil/x\"],\"size\"", StringComparison.Ordinal);
        var e = Assert.Throws<ImageException>(() => Parse($"{{\"schemaVersion\":2,{Config},\"layers\":[{foreign}]}}"));
        Assert.Contains("urls", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_bounded()
    {
        var layers = string.Join(',', Enumerable.Repeat(Layer, 501));
        Assert.Equal(ImageErrorKind.TooLarge,
            Assert.Throws<ImageException>(() => Parse($"{{\"schemaVersion\":2,{Config},\"layers\":[{layers}]}}")).Kind);
        var entries = string.Join(',', Enumerable.Repeat(Layer, 1001));
        Assert.Equal(ImageErrorKind.TooLarge, Assert.Throws<ImageException>(
            () => Parse($"{{\"schemaVersion\":2,\"manifests\":[{entries}]}}", Index)).Kind);
        Assert.Throws<ImageException>(
            () => Parse(string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100)));
    }
}
