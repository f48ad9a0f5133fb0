using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;

namespace Swarm.Ctl.Tests.Format;

public sealed class TemplateTests
{
    private static readonly JsonNode Data = JsonNode.Parse("""
        {"Name":"web","Ready":true,"Spec":{"Labels":{"tier":"front"},"Ports":[{"P":80},{"P":443}]},"Tags":["a","b"]}
        """)!;

    [Theory]
    [InlineData("{{.Name}}", "web")]
    [InlineData("{{ .Name }}\\t{{.Ready}}", "web\ttrue")]
    [InlineData("{{json .Spec.Labels}}", "{\"tier\":\"front\"}")]
    [InlineData("{{range .Spec.Ports}}{{.P}} {{end}}", "80 443 ")]
    [InlineData("{{if .Ready}}up{{else}}down{{end}}", "up")]
    [InlineData("{{index .Spec.Labels \"tier\"}}", "front")]
    [InlineData("{{join .Tags \",\"}}", "a,b")]
    [InlineData("{{len .Tags}}", "2")]
    [InlineData("{{upper .Name}}", "WEB")]
    public void Renders(string template, string expected) =>
        Assert.Equal(expected, GoTemplate.Parse(template).Render(Data));

    [Theory]
    [InlineData("{{.Name")]
    [InlineData("{{range .Tags}}")]
    [InlineData("{{end}}")]
    [InlineData("{{nosuch .Name}}")]
    [InlineData("{{.Nosuch}}")]
    public void RefusesWhatMakesNoSense(string template)
    {
        var error = Assert.Throws<UsageException>(() => GoTemplate.Parse(template).Render(Data));
        Assert.StartsWith("--format: template parsing error", error.Message, StringComparison.Ordinal);
    }
}
