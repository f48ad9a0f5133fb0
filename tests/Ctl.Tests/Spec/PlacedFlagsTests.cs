using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Spec;

/// <summary>From a line of `run` to the job that the swarm places.</summary>
public sealed class PlacedFlagsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true, "constraint", "node.role==worker")]
    [InlineData(true, "node", "n4")]
    [InlineData(true, "placed", "true")]
    [InlineData(false, "placed", "false")]
    public void It_is_placed_when_somebody_says_so(bool placed, string flag = "rm", string value = "true") =>
        Assert.Equal(placed, PlacedFlags.IsPlaced(Values((flag, [value]))));

    [Fact]
    public void Contradictions_are_refused()
    {
        Assert.Throws<UsageException>(
            () => PlacedFlags.IsPlaced(Values(("placed", ["false"]), ("node", ["n4"]))));
        Assert.Throws<UsageException>(() => PlacedFlags.IsPlaced(Values(("with-registry-auth", ["true"]))));
    }

    [Fact]
    public void It_is_a_job_of_one_task_that_waits_for_its_caller()
    {
        var spec = Build(
            ("placed", ["true"]), ("constraint", ["node.labels.disk==ssd"]), ("interactive", ["true"]),
            ("rm", ["true"]), ("name", ["once"]), ("publish", ["8080:80"]), ("volume", ["data:/d"]));
        Assert.Empty(SpecValidator.Check(spec));
        Assert.Equal(("once", 1ul, true), (spec.Name, spec.TotalCompletions(), spec.IsJob()));
        Assert.Equal(RestartPolicy.Types.Condition.None, spec.Task.RestartConditionOrDefault());
        Assert.Equal(["node.labels.disk==ssd"], spec.Task.Placement.Constraints);
        Assert.Equal((true, true), (spec.Task.Container.OpenStdin, spec.Task.Container.AttachFirst));
        Assert.Equal(["NONE"], spec.Task.Container.Health.Test);
        Assert.Equal("data", spec.Task.Container.Mounts.Single().Source);
        Assert.Equal(PortConfig.Types.PublishMode.Host, spec.Endpoint.Ports.Single().PublishMode);
        Assert.True(spec.RemoveAfter() > TimeSpan.Zero);
    }

    [Fact]
    public void In_the_background_nobody_is_waited_for()
    {
        var spec = Build(("placed", ["true"]), ("detach", ["true"]), ("rm", ["true"]));
        Assert.Empty(SpecValidator.Check(spec));
        Assert.False(spec.Task.Container.AttachFirst);
        Assert.Equal(TimeSpan.Zero, spec.RemoveAfter());
        Assert.Null(Build(("placed", ["true"])).RemoveAfter());
    }

    [Theory]
    [InlineData("cidfile", "x", "--name")]
    [InlineData("network", "none", "leave it out")]
    [InlineData("pull", "always", "leave it out")]
    [InlineData("pull", "never", "leave it out")]
    public void What_only_this_node_can_do_is_refused(string flag, string value, string remedy) => Assert.Contains(
        remedy, Assert.Throws<CtlException>(() => Build(("placed", ["true"]), (flag, [value]))).Message,
        StringComparison.Ordinal);

    private static FlagValues Values(params (string Flag, string[] Values)[] flags) =>
        new(flags.ToDictionary(f => f.Flag, f => (IReadOnlyList<string>)f.Values));

    private static ServiceSpec Build(params (string Flag, string[] Values)[] flags) =>
        PlacedFlags.Spec(Values(flags), RunFlags.Build(Values(flags), "busy:1", ["x"], "made_up"));
}
