using FsCheck;
using FsCheck.Fluent;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

public sealed class HealthMachineTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly HealthPlan Plan = new(
        ["/bin/true"], Second * 30, Second * 10, 3, Second * 60, Second * 5);

    /// <summary>Checks as + and -, at their second: what comes of them.</summary>
    [Theory]
    [InlineData("", HealthStatus.Starting, 0)]
    [InlineData("10-", HealthStatus.Starting, 0)]
    [InlineData("10- 20- 30- 40-", HealthStatus.Starting, 0)]
    [InlineData("10- 61-", HealthStatus.Starting, 1)]
    [InlineData("60- 90- 120-", HealthStatus.Unhealthy, 3)]
    [InlineData("10+", HealthStatus.Healthy, 0)]
    [InlineData("10+ 20-", HealthStatus.Healthy, 1)]
    [InlineData("10+ 20- 30- 40-", HealthStatus.Unhealthy, 3)]
    [InlineData("10+ 20- 30- 40+ 50- 59-", HealthStatus.Healthy, 2)]
    [InlineData("70- 80- 90+", HealthStatus.Healthy, 0)]
    [InlineData("70- 80- 90- 100+", HealthStatus.Unhealthy, 3)]
    public void Checks_add_up(string checks, HealthStatus status, int streak)
    {
        var state = default(HealthState);
        foreach (var check in checks.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            state = HealthMachine.After(Plan, state, Second * int.Parse(check[..^1], null), check[^1] == '+');
        }

        Assert.Equal(new HealthState(status, streak), state);
    }

    [Theory]
    [InlineData(HealthStatus.Starting, 59, 5)]
    [InlineData(HealthStatus.Starting, 60, 30)]
    [InlineData(HealthStatus.Healthy, 10, 30)]
    public void Checks_come_more_often_in_the_start_period(HealthStatus status, int running, int wait) => Assert.Equal(
        Second * wait, HealthMachine.NextIn(Plan, new HealthState(status, 0), Second * running));

    /// <summary>As docker's words say it, told once more without a machine.</summary>
    [Fact]
    public void Any_row_of_checks_gives_what_its_end_says() => Prop.ForAll(
        Gen.Choose(1, 5).ToArbitrary(), Gen.Choose(0, 1).Select(b => b == 1).ListOf().ToArbitrary(),
        (retries, checks) =>
        {
            var plan = Plan with { Retries = retries, StartPeriod = TimeSpan.Zero };
            var state = default(HealthState);
            var (worst, row) = (0, 0);
            foreach (var succeeded in checks)
            {
                state = HealthMachine.After(plan, state, Second, succeeded);
                row = succeeded ? 0 : row + 1;
                worst = Math.Max(worst, row);
            }

            Assert.Equal(worst >= retries, state.Status == HealthStatus.Unhealthy);
            Assert.Equal(worst < retries && checks.Any(c => c), state.Status == HealthStatus.Healthy);
            Assert.True(state.FailingStreak <= retries);
        }).QuickCheckThrowOnFailure();
}
