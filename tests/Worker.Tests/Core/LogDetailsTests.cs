using Swarm.Protocol.V1;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

/// <summary>What options of a log say of its lines.</summary>
public sealed class LogDetailsTests
{
    [Theory]
    [InlineData("labels", "tier, none", "tier=web")]
    [InlineData("labels-regex", "^t", "team=a,tier=web")]
    [InlineData("env", "OS", "OS=linux")]
    [InlineData("env-regex", "^.S$", "OS=linux")]
    [InlineData("tag", "{{.ImageName}}/{{.Name}}/{{.ID}}", "tag=busy:1/web.1.x/0123456789ab")]
    [InlineData("tag", "", "")]
    [InlineData("max-size", "1m", "")]
    public void Options_name_what_is_told(string option, string value, string expected) =>
        Assert.Equal(expected, Shown((option, value)));

    [Fact]
    public void All_of_them_by_name() => Assert.Equal(
        "EMPTY=,OS=linux,tag=t,tier=web",
        Shown(("labels", "tier"), ("env", "OS,EMPTY"), ("tag", "t")));

    [Fact]
    public void A_field_that_is_not_known_is_refused() =>
        Assert.Throws<FormatException>(() => Shown(("tag", "{{.Nothing}}")));

    private static string Shown(params (string Name, string Value)[] options)
    {
        var driver = new LogDriver { Name = "json-file" };
        foreach (var (name, value) in options)
        {
            driver.Options[name] = value;
        }

        var details = LogDetails.Of(
            driver, new Dictionary<string, string> { ["tier"] = "web", ["team"] = "a", ["x"] = "y" },
            ["OS=linux", "EMPTY", "PATH=/bin"], ("0123456789abcdef", "web.1.x", "busy:1"));
        return string.Join(',', details.Select(d => $"{d.Key}={d.Value}"));
    }
}
