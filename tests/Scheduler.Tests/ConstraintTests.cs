using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Scheduler.Tests;

public sealed class ConstraintTests
{
    private static readonly NodeRecord Node = new()
    {
        Id = new NodeId("abc"),
        CreatedAt = default,
        Spec = new NodeSpec { Labels = { ["zone"] = "East" } },
        Role = NodeRole.Manager,
        Address = "10.1.2.3",
        Description = new NodeDescription
        {
            Hostname = "n1",
            Platform = new Platform { Os = "linux", Architecture = "x86_64" },
            EngineLabels = { ["storage"] = "ssd" },
        },
    };

    [Theory]
    [InlineData("node.id==ABC", true)]
    [InlineData("node.id != abc", false)]
    [InlineData("node.hostname==n1", true)]
    [InlineData("node.hostname!=n2", true)]
    [InlineData("node.role==manager", true)]
    [InlineData("node.role==worker", false)]
    [InlineData("Node.Role!=worker", true)]
    [InlineData("node.platform.os==linux", true)]
    [InlineData("node.platform.arch==amd64", true)]
    [InlineData("node.platform.arch!=x86_64", false)]
    [InlineData("node.labels.zone==east", true)]
    [InlineData("node.labels.Zone==east", false)]
    [InlineData("node.labels.missing!=x", true)]
    [InlineData("engine.labels.storage==ssd", true)]
    [InlineData("node.ip==10.1.2.3", true)]
    [InlineData("node.ip==10.1.0.0/16", true)]
    [InlineData("node.ip!=10.1.0.0/16", false)]
    [InlineData("node.ip==10.2.0.0/16", false)]
    public void A_constraint_admits(string text, bool admits)
    {
        Assert.True(ConstraintParser.TryParse(text, out var constraint, out var error), error);
        Assert.Equal(admits, constraint.Admits(Node));
    }

    [Theory]
    [InlineData("foo", "constraint expected one operator from ==, !=")]
    [InlineData("a=b", "constraint expected one operator from ==, !=")]
    [InlineData("a>b", "constraint expected one operator from ==, !=")]
    [InlineData("node.role==", "value '' is invalid")]
    [InlineData("1node==x", "key '1node' is invalid")]
    [InlineData("node.nosuch==x", "key 'node.nosuch' is unknown")]
    [InlineData("node.labels.==x", "key 'node.labels.' is unknown")]
    [InlineData("node.role==boss", "value 'boss' is no role")]
    [InlineData("node.ip==ten", "value 'ten' is neither an address nor a network")]
    public void A_wrong_one_says_what_is_wrong(string text, string message)
    {
        Assert.False(ConstraintParser.TryParse(text, out _, out var error));
        Assert.StartsWith(message, error);
    }

    [Theory]
    [InlineData("spread=node.labels.zone", true)]
    [InlineData("spread=engine.labels.rack", true)]
    [InlineData("spread=node.role", false)]
    [InlineData("binpack=node.labels.zone", false)]
    [InlineData("spread", false)]
    public void Preferences(string text, bool valid) =>
        Assert.Equal(valid, ConstraintParser.TryParsePreference(text, out _, out _));
}
