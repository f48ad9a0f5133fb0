using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Model.Tests.Specs;

/// <summary>What may be a secret or config, and where its file may be (bad-input.md; attacks.md SEC-4 to 6).</summary>
public sealed class PayloadRulesTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("a.b-c_d9", true)]
    [InlineData("9", true)]
    [InlineData("", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData(".", false)]
    [InlineData("../x", false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("a\n", false)]
    [InlineData("a\0", false)]
    [InlineData("{{.Task.ID}}", false)]
    [InlineData("ä", false)]
    public void Names(string name, bool fits) => Assert.Equal(fits, Faults(name, 1).Count == 0);

    [Fact]
    public void A_name_has_64_characters_at_most()
    {
        Assert.Empty(Faults(new string('a', 64), 1));
        Assert.Contains("only 64", Faults(new string('a', 65), 1).Single().Rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PayloadKind.Secret, 0, false)]
    [InlineData(PayloadKind.Secret, 1, true)]
    [InlineData(PayloadKind.Secret, 511_999, true)]
    [InlineData(PayloadKind.Secret, 512_000, false)]
    [InlineData(PayloadKind.Config, 0, false)]
    [InlineData(PayloadKind.Config, 1_023_999, true)]
    [InlineData(PayloadKind.Config, 1_024_000, false)]
    [InlineData(PayloadKind.Unspecified, 1, false)]
    public void Sizes(PayloadKind kind, int bytes, bool fits) => Assert.Equal(
        fits, PayloadRules.Check(kind, new PayloadSpec { Name = "a" }, bytes).Count == 0);

    [Theory]
    [InlineData("", "/run/secrets/n")]
    [InlineData("other", "/run/secrets/other")]
    [InlineData("a/b", "/run/secrets/a/b")]
    [InlineData("/etc/key", "/etc/key")]
    [InlineData("../../etc/passwd", null)]
    [InlineData("/etc/../etc/passwd", null)]
    [InlineData("/", null)]
    [InlineData("/etc/", null)]
    [InlineData("a//b", null)]
    [InlineData(".", null)]
    [InlineData("/proc/1/environ", null)]
    [InlineData("/sys/x", null)]
    [InlineData("/dev/shm/x", null)]
    [InlineData("a\nb", null)]
    [InlineData("a\0b", null)]
    public void Targets(string target, string? path)
    {
        var reference = new PayloadReference { Id = "i", Name = "n", Target = target };
        var spec = Spec();
        spec.Task.Container.Secrets.Add(reference);
        Assert.Equal(path is not null, SpecValidator.Check(spec).Count == 0);
        if (path is not null)
        {
            Assert.Equal(path, PayloadRules.PathOf(PayloadKind.Secret, reference));
        }
    }

    [Fact]
    public void One_thing_at_each_target()
    {
        var spec = Spec();
        spec.Task.Container.Secrets.Add(new PayloadReference { Id = "i", Name = "n", Target = "/x" });
        spec.Task.Container.Configs.Add(new PayloadReference { Id = "j", Name = "x" });
        spec.Task.Container.Mounts.Add(new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/y" });
        spec.Task.Container.Configs.Add(new PayloadReference { Id = "k", Name = "y" });
        var faults = SpecValidator.Check(spec);
        Assert.Equal(
            ["task.container.configs[0].target", "task.container.configs[1].target"], faults.Select(f => f.Field));
    }

    [Theory]
    [InlineData("0", "2147483647", 0x1FFu, true)]
    [InlineData("", "", 0u, true)]
    [InlineData("root", "", 0x124u, false)]
    [InlineData("", "-1", 0x124u, false)]
    [InlineData("4294967296", "", 0x124u, false)]
    [InlineData("", "", 0x924u, false)]
    public void Owners_and_modes(string uid, string gid, uint mode, bool fits)
    {
        var spec = Spec();
        spec.Task.Container.Secrets.Add(
            new PayloadReference { Id = "i", Name = "n", Uid = uid, Gid = gid, Mode = mode });
        Assert.Equal(fits, SpecValidator.Check(spec).Count == 0);
    }

    [Fact]
    public void There_is_a_number_of_them()
    {
        var spec = Spec();
        spec.Task.Container.Secrets.Add(Enumerable.Range(0, PayloadRules.MaxReferences + 1)
            .Select(i => new PayloadReference { Id = $"i{i}", Name = $"n{i}" }));
        Assert.Single(SpecValidator.Check(spec));
        spec.Task.Container.Secrets.RemoveAt(0);
        Assert.Empty(SpecValidator.Check(spec));
        spec.Task.Container.Mounts.Add(Enumerable.Range(0, 157)
            .Select(i => new Mount { Type = Mount.Types.Type.Tmpfs, Target = $"/t{i}" }));
        Assert.Equal("task.container.mounts", SpecValidator.Check(spec).Single().Field);
    }

    [Theory]
    [InlineData("CMD-SHELL|true", 0, 0, true)]
    [InlineData("CMD|a|b", 1_000_000, 5, true)]
    [InlineData("NONE", 0, 0, true)]
    [InlineData("", 0, 3, true)]
    [InlineData("CMD-SHELL|true", 1_000, 0, false)]
    [InlineData("CMD-SHELL|true", -1, 0, false)]
    [InlineData("CMD-SHELL|true", 0, -1, false)]
    [InlineData("CMD-SHELL|a|b", 0, 0, false)]
    [InlineData("CMD", 0, 0, false)]
    [InlineData("NONE|x", 0, 0, false)]
    [InlineData("RUN|x", 0, 0, false)]
    public void Health_checks(string test, long intervalNs, int retries, bool fits)
    {
        var spec = Spec();
        spec.Task.Container.Health = new HealthCheck { IntervalNs = intervalNs, Retries = retries };
        spec.Task.Container.Health.Test.Add(test.Split('|', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(fits, SpecValidator.Check(spec).Count == 0);
    }

    private static IReadOnlyList<SpecFault> Faults(string name, int bytes) =>
        PayloadRules.Check(PayloadKind.Secret, new PayloadSpec { Name = name }, bytes);

    private static ServiceSpec Spec() => new()
    {
        Name = "web",
        Replicated = new ReplicatedMode { Replicas = 1 },
        Task = new TaskSpec { Container = new ContainerSpec { Image = "registry.test/web:1" } },
    };
}
