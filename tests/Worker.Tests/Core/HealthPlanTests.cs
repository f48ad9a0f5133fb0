using Swarm.Protocol.V1;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

public sealed class HealthPlanTests
{
    private const string Image =
        """{"Test":["CMD","/check","-q"],"Interval":1000000000,"Timeout":2000000000,"Retries":7,"StartPeriod":5}""";

    [Fact]
    public void Without_a_command_nothing_is_checked()
    {
        Assert.Null(HealthPlan.Of(null, null));
        Assert.Null(HealthPlan.Of(new HealthCheck { Retries = 2 }, null));
        Assert.Null(HealthPlan.Of(null, """{"Test":["NONE"]}"""));
        Assert.Null(HealthPlan.Of(new HealthCheck { Test = { "NONE" } }, Image));
        Assert.Null(HealthPlan.Of(null, """{"Interval":5}"""));
    }

    [Fact]
    public void The_image_says_it_and_the_spec_says_it_better()
    {
        var plan = HealthPlan.Of(null, Image)!;
        Assert.Equal(["/check", "-q"], plan.Command);
        Assert.Equal((1.0, 2.0, 7, 5.0), (
            plan.Interval.TotalSeconds, plan.Timeout.TotalSeconds, plan.Retries, plan.StartInterval.TotalSeconds));
        plan = HealthPlan.Of(new HealthCheck { IntervalNs = 3_000_000_000, Retries = 1 }, Image)!;
        Assert.Equal((3.0, 2.0, 1), (plan.Interval.TotalSeconds, plan.Timeout.TotalSeconds, plan.Retries));
        Assert.Equal(["/check", "-q"], plan.Command);
        plan = HealthPlan.Of(new HealthCheck { Test = { "CMD-SHELL", "a && b" } }, Image)!;
        Assert.Equal(["/bin/sh", "-c", "a && b"], plan.Command);
    }

    [Fact]
    public void Dockers_defaults_fill_the_rest()
    {
        var plan = HealthPlan.Of(new HealthCheck { Test = { "CMD", "x" } }, null)!;
        Assert.Equal((30.0, 30.0, 3, 0.0, 5.0), (
            plan.Interval.TotalSeconds, plan.Timeout.TotalSeconds, plan.Retries, plan.StartPeriod.TotalSeconds,
            plan.StartInterval.TotalSeconds));
    }

    [Theory]
    [InlineData("""{"Test":["RUN","x"]}""")]
    [InlineData("""{"Test":["CMD"]}""")]
    [InlineData("""{"Test":["CMD-SHELL"]}""")]
    [InlineData("""{"Test":[1]}""")]
    [InlineData("""{"Test":["CMD","a\u0000b"]}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void What_an_image_says_wrongly_is_refused(string json) =>
        Assert.Throws<FormatException>(() => HealthPlan.Of(null, json));

    [Fact]
    public void Numbers_of_an_image_are_bounded()
    {
        var plan = HealthPlan.Of(
            null, """{"Test":["CMD","x"],"Interval":9223372036854775807,"Timeout":-5,"Retries":99999999999}""")!;
        Assert.True(plan.Interval <= TimeSpan.FromDays(30));
        Assert.Equal(30.0, plan.Timeout.TotalSeconds);
        Assert.Equal(int.MaxValue, plan.Retries);
    }
}
