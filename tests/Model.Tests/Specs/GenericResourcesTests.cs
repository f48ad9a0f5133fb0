using Swarm.Protocol.V1;

namespace Swarm.Model.Tests.Specs;

public sealed class GenericResourcesTests
{
    [Theory]
    [InlineData("gpu=2", "gpu=2")]
    [InlineData("gpu=a,gpu=b", "gpu=a,gpu=b")]
    [InlineData("ssd=1,gpu=UUID-1", "gpu=UUID-1 ssd=1")]
    public void A_node_has_numbers_and_names(string text, string parsed) => Assert.Equal(
        parsed, string.Join(' ', GenericResources.ParseNode([text]).Select(GenericResources.Text)));

    [Theory]
    [InlineData("gpu", "must be KIND=NUMBER or KIND=NAME")]
    [InlineData("gpu=", "must be KIND=NUMBER or KIND=NAME")]
    [InlineData("=2", "must be KIND=NUMBER or KIND=NAME")]
    [InlineData("gpu=0", "at least 1")]
    [InlineData("gpu=1,gpu=2", "given once")]
    [InlineData("gpu=1,gpu=a", "goes with no number")]
    [InlineData("gpu=a,gpu=1", "goes with no names")]
    [InlineData("gpu=a,gpu=a", "given once")]
    [InlineData("g pu=1", "must be KIND=NUMBER")]
    public void What_is_neither_is_refused(string text, string rule) =>
        Assert.Contains(rule, Assert.Throws<FormatException>(() => GenericResources.ParseNode([text])).Message);

    [Fact]
    public void A_service_asks_for_numbers_only()
    {
        Assert.Equal(2, Assert.Single(GenericResources.ParseReservation(["gpu=2"])).Count);
        Assert.Contains(
            "cannot choose",
            Assert.Throws<FormatException>(() => GenericResources.ParseReservation(["gpu=a"])).Message);
    }

    [Theory]
    [InlineData("gpu", 1, true)]
    [InlineData("gpu", 0, false)]
    [InlineData("gpu", -1, false)]
    [InlineData("g pu", 1, false)]
    [InlineData("", 1, false)]
    public void A_spec_is_held_against_the_same_rules(string kind, long count, bool valid)
    {
        var spec = new ServiceSpec
        {
            Name = "web",
            Task = new TaskSpec
            {
                Container = new ContainerSpec { Image = "web:1" },
                Reservations = new Resources { Generic = { new GenericResource { Kind = kind, Count = count } } },
            },
            Replicated = new ReplicatedMode { Replicas = 1 },
        };
        var faults = SpecValidator.Check(spec).Where(f => f.Field.EndsWith("generic", StringComparison.Ordinal));
        Assert.Equal(valid, !faults.Any());
    }

    [Fact]
    public void A_container_learns_what_it_has()
    {
        Assert.Equal("DOCKER_RESOURCE_GPU=2", GenericResources.Variable(new() { Kind = "gpu", Count = 2 }));
        Assert.Equal("DOCKER_RESOURCE_GPU=a,b",
            GenericResources.Variable(new() { Kind = "gpu", Names = { "a", "b" } }));
    }
}
