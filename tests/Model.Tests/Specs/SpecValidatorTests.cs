using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Model.Tests.Specs;

/// <summary>Rows of bad-input.md: what docker rejects, and what it wrongly accepts.</summary>
public sealed class SpecValidatorTests
{
    public static TheoryData<string, Action<ServiceSpec>, string> BadSpecs() => new()
    {
        { "name", s => s.Name = "bad name", "DNS name component" },
        { "name", s => s.Name = "-x", "DNS name component" },
        { "name", s => s.Name = "a/b", "DNS name component" },
        { "name", s => s.Name = new string('a', 64), "63 characters" },
        { "replicas", s => s.Replicated.Replicas = ulong.MaxValue, "replicas at most" },
        { "task.container.image", s => s.Task.Container.Image = "UPPER:tag", "not a valid repository/tag" },
        { "task.container.image", s => s.Task.Container.Image = "img:bad tag", "not a valid repository/tag" },
        { "task.container.image", s => s.Task.Container.Image = "", "must be provided" },
        { "task.container.env[0]", s => s.Task.Container.Env.Add("=x"), "invalid environment variable" },
        { "labels", s => s.Labels[""] = "x", "needs a name" },
        { "task.container.mounts[1].target", s => Mounts(s, ("/a", "/x"), ("/b", "/x")), "duplicate mount point" },
        { "task.container.mounts[0].source", s => Mounts(s, ("rel", "/x")), "absolute path" },
        { "task.container.mounts[0].source", s => Mounts(s, ("/a/../../etc", "/x")), "absolute path" },
        { "task.container.mounts[0].target", s => Mounts(s, ("/a", "rel")), "absolute path" },
        { "task.container.mounts[0].target", s => Mounts(s, ("/a", "/proc/sys")), "under /proc" },
        { "task.container.mounts[0].target", s => Mounts(s, ("/a", "/")), "absolute path" },
        { "task.container.workdir", s => s.Task.Container.Workdir = "/proc/self/fd/7", "under /proc" },
        { "task.container.stop_signal", s => s.Task.Container.StopSignal = "SIGNOPE", "no signal" },
        { "task.container.stop_grace_period", s => s.Task.Container.StopGracePeriodNs = -1, "negative" },
        { "task.limits.memory", s => s.Task.Limits = new Resources { MemoryBytes = 1 << 20 }, "at least 6MiB" },
        { "task.limits.cpu", s => s.Task.Limits = new Resources { NanoCpus = 100 }, "at least 0.001" },
        {
            "task.reservations.memory",
            s =>
            {
                s.Task.Limits = new Resources { MemoryBytes = 1L << 30 };
                s.Task.Reservations = new Resources { MemoryBytes = 2L << 30 };
            },
            "more than the limit"
        },
        { "task.restart.delay", s => s.Task.Restart = new RestartPolicy { DelayNs = -1 }, "negative" },
        { "task.container.attach_first", s => s.Task.Container.AttachFirst = true, "one task" },
        {
            "task.container.attach_first",
            s =>
            {
                s.Task.Container.AttachFirst = true;
                s.ReplicatedJob = new ReplicatedJobMode { TotalCompletions = 1 };
            },
            "not restarted"
        },
        { "remove_after", s => s.ReplicatedJob = new ReplicatedJobMode { RemoveAfterNs = -1 }, "negative" },
        { "update.delay", s => s.Update = new UpdatePolicy { DelayNs = -1 }, "negative" },
        { "update.max_failure_ratio", s => s.Update = new UpdatePolicy { MaxFailureRatio = 2 }, "between 0 and 1" },
        { "endpoint.ports[0].target", s => Ports(s, (80, 0)), "is no port" },
        { "endpoint.ports[0].published", s => Ports(s, (70000, 80)), "is no port" },
        { "endpoint.ports[1].published", s => Ports(s, (80, 80), (80, 81)), "duplicate published ports" },
    };

    [Theory]
    [MemberData(nameof(BadSpecs))]
    public void ABadSpecNamesFieldAndRule(string field, Action<ServiceSpec> spoil, string rule)
    {
        var spec = Good();
        spoil(spec);
        var fault = Assert.Single(SpecValidator.Check(spec));
        Assert.Equal(field, fault.Field);
        Assert.Contains(rule, fault.Rule, StringComparison.Ordinal);
        Assert.NotEmpty(fault.Remedy);
    }

    [Fact]
    public void AGoodSpecHasNoFault() => Assert.Empty(SpecValidator.Check(Good()));

    [Fact]
    public void AllFaultsAreToldAtOnce()
    {
        var spec = Good();
        spec.Name = "bad name";
        spec.Task.Container.Env.Add("=x");
        Ports(spec, (80, 0));
        Assert.Equal(3, SpecValidator.Check(spec).Count);
    }

    [Theory]
    [InlineData("10.99.0.5:5000/demo/web:1", true)]
    [InlineData("nginx", true)]
    [InlineData("a/b/c:tag-1_x", true)]
    [InlineData("host.example/x@sha256:0000000000000000000000000000000000000000000000000000000000000000", true)]
    [InlineData("x@sha256:00", false)]
    [InlineData("a b", false)]
    [InlineData("/x", false)]
    [InlineData("x:", false)]
    public void ImageReferences(string image, bool valid) => Assert.Equal(valid, ImageNames.IsValid(image));

    private static ServiceSpec Good() => new()
    {
        Name = "web",
        Replicated = new ReplicatedMode { Replicas = 2 },
        Task = new TaskSpec { Container = new ContainerSpec { Image = "10.99.0.5:5000/demo/web:1" } },
    };

    private static void Mounts(ServiceSpec spec, params (string Source, string Target)[] mounts) =>
        spec.Task.Container.Mounts.Add(mounts.Select(m => new Mount
        {
            Type = Mount.Types.Type.Bind, Source = m.Source, Target = m.Target,
        }));

    private static void Ports(ServiceSpec spec, params (uint Published, uint Target)[] ports)
    {
        spec.Endpoint = new EndpointSpec();
        spec.Endpoint.Ports.Add(
            ports.Select(p => new PortConfig { PublishedPort = p.Published, TargetPort = p.Target }));
    }
}
