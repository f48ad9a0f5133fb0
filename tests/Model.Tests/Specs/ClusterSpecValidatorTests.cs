using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Model.Tests.Specs;

public sealed class ClusterSpecValidatorTests
{
    [Fact]
    public void What_is_left_out_is_fine() => Assert.Empty(ClusterSpecValidator.Check(new ClusterSpec()));

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(10_000, true)]
    [InlineData(-2, false)]
    [InlineData(10_001, false)]
    public void Task_history(long limit, bool fits) =>
        Assert.Equal(fits, ClusterSpecValidator.Check(new ClusterSpec { TaskHistoryLimit = limit }).Count == 0);

    [Theory]
    [InlineData(100_000_000, true)]
    [InlineData(600_000_000_000, true)]
    [InlineData(0, false)]
    [InlineData(-1, false)]
    [InlineData(99_999_999, false)]
    [InlineData(600_000_000_001, false)]
    public void Heartbeat(long ns, bool fits) =>
        Assert.Equal(fits, ClusterSpecValidator.Check(new ClusterSpec { HeartbeatPeriodNs = ns }).Count == 0);

    [Theory]
    [InlineData(3_600_000_000_000, true)]
    [InlineData(3_599_999_999_999, false)]
    [InlineData(-1, false)]
    public void Certificates(long ns, bool fits) =>
        Assert.Equal(fits, ClusterSpecValidator.Check(new ClusterSpec { NodeCertificateExpiryNs = ns }).Count == 0);

    [Fact]
    public void All_faults_are_told_and_addresses_stay()
    {
        var before = new ClusterSpec { AddressPool = "10.0.0.0/8", NodeSubnetBits = 24 };
        var after = new ClusterSpec { AddressPool = "10.0.0.0/8", NodeSubnetBits = 22, TaskHistoryLimit = -5 };
        Assert.Equal(
            ["task_history_limit", "address_pool"],
            ClusterSpecValidator.CheckChange(before, after).Select(f => f.Field));
        Assert.Empty(ClusterSpecValidator.CheckChange(before, before.Clone()));
    }
}
