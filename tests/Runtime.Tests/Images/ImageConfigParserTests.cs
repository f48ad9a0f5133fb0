using System.Text;
using System.Text.Json;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

public sealed class ImageConfigParserTests
{
    private static ImageConfig Parse(string config) =>
        ImageConfigParser.Parse(
            Encoding.UTF8.GetBytes($"{{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{config}}}"));

    private static ImageConfig One(string field, object value) =>
        Parse(JsonSerializer.Serialize(new Dictionary<string, object> { [field] = value }));

    [Fact]
    public void Reads_what_docker_writes()
    {
        var config = Parse(
            """
            {"Entrypoint":["/bin/app"],"Cmd":["-v"],"Env":["PATH=/bin","E="],
             "WorkingDir":"/srv//app/./","User":"web:33","StopSignal":"SIGQUIT",
             "ExposedPorts":{"80/tcp":{},"53/udp":{}},
             "Volumes":{"/data":{}},"Labels":{"a":"b"},
             "Healthcheck":{"Test":["CMD","x"]},"OnBuild":null,"ArgsEscaped":true}
            """);
        Assert.Equal(["/bin/app"], config.Entrypoint);
        Assert.Equal(["-v"], config.Cmd);
        Assert.Equal(["PATH=/bin", "E="], config.Env);
        Assert.Equal("/srv/app", config.WorkingDirectory);
        Assert.Equal("web:33", config.User);
        Assert.Equal("SIGQUIT", config.StopSignal);
        Assert.Equal(["80/tcp", "53/udp"], config.ExposedPorts);
        Assert.Equal(["/data"], config.Volumes);
        Assert.Equal("b", config.Labels["a"]);
        Assert.Contains("CMD", config.Healthcheck, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_said_is_empty()
    {
        var config = Parse(
            """{"Entrypoint":null,"Cmd":null,"Volumes":null,"Labels":null,"User":"","Healthcheck":null}""");
        Assert.Empty(config.Entrypoint);
        Assert.Equal("", config.WorkingDirectory);
        Assert.Null(config.Healthcheck);
        Assert.Empty(Parse("null").Env);
    }

    [Theory]
    [InlineData("WorkingDir", "/proc/self/fd/7")]
    [InlineData("WorkingDir", "/proc")]
    [InlineData("WorkingDir", "//proc//self/fd/8")]
    [InlineData("WorkingDir", "/./sys/x")]
    [InlineData("WorkingDir", "/dev/shm")]
    [InlineData("WorkingDir", "/a/../proc")]
    [InlineData("WorkingDir", "rel")]
    [InlineData("WorkingDir", "/a\0b")]
    [InlineData("User", "a b")]
    [InlineData("User", "a\nb")]
    [InlineData("User", "a:b:c")]
    [InlineData("StopSignal", "SIGTERM; rm -rf /")]
    [InlineData("StopSignal", "-1")]
    [InlineData("Entrypoint", 5)]
    [InlineData("Cmd", "not a list")]
    public void Img9_refuses(string field, object value)
    {
        var e = Assert.Throws<ImageException>(() => One(field, value));
        Assert.Equal(ImageErrorKind.Invalid, e.Kind);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("Volumes", "/proc")]
    [InlineData("Volumes", "/proc/sys")]
    [InlineData("Volumes", "/")]
    [InlineData("Volumes", "")]
    [InlineData("Volumes", "rel")]
    [InlineData("Volumes", "/x/../etc")]
    [InlineData("ExposedPorts", "80;x")]
    [InlineData("ExposedPorts", "http")]
    public void Img9_refuses_keys(string field, string key) =>
        Assert.Throws<ImageException>(() => One(field, new Dictionary<string, object> { [key] = new { } }));

    [Fact]
    public void Img9_sizes_are_bounded()
    {
        Assert.Throws<ImageException>(() => One("Env", new[] { "A=" + new string('x', 128 * 1024) }));
        Assert.Throws<ImageException>(() => One("Env", Enumerable.Repeat("A=b", 5000)));
        Assert.Throws<ImageException>(() => One("Env", Enumerable.Repeat("A=" + new string('x', 100_000), 20)));
        Assert.Throws<ImageException>(() => One("Env", new[] { "=x" }));
        Assert.Throws<ImageException>(
            () => One("Labels", Enumerable.Range(0, 5000).ToDictionary(i => $"l{i}", _ => "")));
        Assert.Throws<ImageException>(() => One("User", new string('u', 300)));
        Assert.Throws<ImageException>(() => ImageConfigParser.Parse("{\"os\":\"windows\"}"u8.ToArray()));
        Assert.Throws<ImageException>(() => ImageConfigParser.Parse("["u8.ToArray()));
        Assert.Throws<ImageException>(
            () => ImageConfigParser.Parse("{\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}}"u8.ToArray()));
    }
}
