using Swarm.Protocol.V1;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

public sealed class TaskTemplateTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("h-{{.Node.Hostname}}-{{.Task.Slot}}", "h-n1-3")]
    [InlineData("{{ .Service.Name }}", "web")]
    [InlineData("{{index .Service.Labels \"tier\"}}", "front")]
    [InlineData("{{index .Service.Labels \"none\"}}", "")]
    [InlineData("{{.Node.Platform.OS}}/{{.Node.Platform.Architecture}}", "linux/x86_64")]
    public void Expands(string text, string expected) => Assert.Equal(expected, Template().Expand(text));

    [Theory]
    [InlineData("{{.Nosuch}}", "{{.Nosuch}}")]
    [InlineData("{{.Task.ID", "without '}}'")]
    [InlineData("{{}}", "unknown")]
    public void RefusesWhatItDoesNotKnow(string text, string says)
    {
        var error = Assert.Throws<FormatException>(() => Template().Expand(text));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static TaskTemplate Template()
    {
        var task = new AssignedTask { Id = "t1", ServiceId = "s1", ServiceName = "web", Slot = 3, Name = "web.3.t1" };
        task.ServiceLabels["tier"] = "front";
        return new TaskTemplate(task, "node1", new NodeDescription
        {
            Hostname = "n1", Platform = new Platform { Os = "linux", Architecture = "x86_64" },
        });
    }
}
