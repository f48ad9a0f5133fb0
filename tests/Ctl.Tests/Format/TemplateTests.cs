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
    [InlineData("{{.Name | upper | printf \"%s!\"}}", "WEB!")]
    [InlineData("{{range $k, $v := .Spec.Labels}}{{$k}}={{$v}};{{end}}", "tier=front;")]
    [InlineData("{{range $i, $p := .Spec.Ports}}{{if $i}},{{end}}{{$p.P}}{{end}}", "80,443")]
    [InlineData("{{range .Tags}}{{$.Name}}-{{.}} {{end}}", "web-a web-b ")]
    [InlineData("{{if eq .Name \"x\" \"web\"}}yes{{else}}no{{end}}", "yes")]
    [InlineData("{{if eq .Name \"a\"}}1{{else if eq .Name \"web\"}}2{{else}}3{{end}}", "2")]
    [InlineData("{{if and .Ready (gt (len .Tags) 1)}}many{{end}}", "many")]
    [InlineData("{{if not .Ready}}x{{end}}-{{or .Nothing \"d\"}}", null)]
    [InlineData("{{with .Spec.Labels}}{{.tier}}{{end}}", "front")]
    [InlineData("{{with $p := index .Spec.Ports 1}}{{$p.P}}{{end}}", "443")]
    [InlineData("a {{- .Name -}} b{{/* nothing */}}", "awebb")]
    [InlineData("{{index (split \"a/b/c\" \"/\") 1}}", "b")]
    [InlineData("{{title .Name}}{{truncate .Name 2}}{{pad .Name 1 2}}|", "Webwe web  |")]
    [InlineData("{{printf \"%-5s|%3d|%q|%%\" .Name (len .Tags) .Name}}", "web  |  2|\"web\"|%")]
    [InlineData("{{index .Spec.Ports 0 \"P\"}}", "80")]
    public void Renders(string template, string? expected)
    {
        if (expected is null)
        {
            Assert.Throws<UsageException>(() => GoTemplate.Parse(template).Render(Data));
            return;
        }

        Assert.Equal(expected, GoTemplate.Parse(template).Render(Data));
    }

    [Theory]
    [InlineData("{{.Name")]
    [InlineData("{{range .Tags}}")]
    [InlineData("{{end}}")]
    [InlineData("{{nosuch .Name}}")]
    [InlineData("{{.Nosuch}}")]
    [InlineData("{{.Name | }}")]
    [InlineData("{{(upper .Name}}")]
    [InlineData("{{$x}}")]
    [InlineData("{{upper \"a}}")]
    [InlineData("{{range .Name}}{{end}}")]
    [InlineData("{{range $a, $b, $c := .Tags}}{{end}}")]
    [InlineData("{{printf \"%x\" 1}}")]
    [InlineData("{{pad .Name 100000 1}}")]
    public void RefusesWhatMakesNoSense(string template)
    {
        var error = Assert.Throws<UsageException>(() => GoTemplate.Parse(template).Render(Data));
        Assert.StartsWith("--format: template parsing error", error.Message, StringComparison.Ordinal);
    }
}
