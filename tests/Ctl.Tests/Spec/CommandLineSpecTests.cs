using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Spec;

/// <summary>From flags to specs, for create and update.</summary>
public sealed class CommandLineSpecTests
{
    [Fact]
    public void CreateTakesEveryPart()
    {
        var spec = Create(
            ("name", ["web"]), ("replicas", ["3"]), ("env", ["A=1", "A=2"]), ("publish", ["8080:80", "53:53/udp"]),
            ("mount", ["type=bind,source=/etc/hostname,target=/x,ro"]), ("constraint", ["node.role==manager"]),
            ("update-parallelism", ["0"]), ("restart-condition", ["on-failure"]), ("limit-memory", ["64m"]));
        Assert.Equal(3u, spec.Replicated.Replicas);
        Assert.Equal(["A=2"], spec.Task.Container.Env);
        Assert.Equal(
            [(8080u, 80u, PortConfig.Types.Protocol.Tcp), (53u, 53u, PortConfig.Types.Protocol.Udp)],
            spec.Endpoint.Ports.Select(p => (p.PublishedPort, p.TargetPort, p.Protocol)));
        Assert.True(spec.Task.Container.Mounts.Single().ReadOnly);
        Assert.True(spec.Update.HasParallelism && spec.Update.Parallelism == 0);
        Assert.Equal(64L << 20, spec.Task.Limits.MemoryBytes);
    }

    [Fact]
    public void UpdateChangesOnlyWhatWasNamed()
    {
        var before = Create(("name", ["web"]), ("env", ["A=1", "B=2"]), ("label", ["x=1"]), ("publish", ["80:80"]));
        var after = SpecChanger.Change(before, Flags(
            ("env-add", ["B=3"]), ("env-rm", ["A"]), ("label-rm", ["x"]), ("publish-rm", ["80"]),
            ("publish-add", ["81:80"]), ("image", ["web:2"])));
        Assert.Equal(["B=3"], after.Task.Container.Env);
        Assert.Empty(after.Labels);
        Assert.Equal(81u, after.Endpoint.Ports.Single().PublishedPort);
        Assert.Equal(["A=1", "B=2"], before.Task.Container.Env);
        Assert.Equal(before, SpecChanger.Change(before, Flags()));
    }

    [Fact]
    public void GenericResourcesAreReservedByNumber()
    {
        var before = Create(("name", ["web"]), ("generic-resource", ["gpu=2,ssd=1"]));
        Assert.Equal([("gpu", 2L), ("ssd", 1L)], before.Task.Reservations.Generic.Select(g => (g.Kind, g.Count)));
        var after = SpecChanger.Change(before, Flags(
            ("generic-resource-add", ["gpu=3"]), ("generic-resource-rm", ["ssd=1"])));
        Assert.Equal([("gpu", 3L)], after.Task.Reservations.Generic.Select(g => (g.Kind, g.Count)));
        Assert.Throws<UsageException>(() => Create(("name", ["web"]), ("generic-resource", ["gpu=a"])));
    }

    [Theory]
    [InlineData("key", "key", "", "", "", 292u)]
    [InlineData("source=key,target=/etc/key,uid=7,gid=8,mode=0400", "key", "/etc/key", "7", "8", 256u)]
    [InlineData("src=key", "key", "", "", "", 292u)]
    public void SecretsAreNamedShortlyOrAtLength(
        string text, string name, string target, string uid, string gid, uint mode)
    {
        var secret = Create(("name", ["web"]), ("secret", [text])).Task.Container.Secrets.Single();
        Assert.Equal((name, target, uid, gid), (secret.Name, secret.Target, secret.Uid, secret.Gid));
        Assert.Equal(mode, Swarm.Model.PayloadRules.ModeOrDefault(secret));
        Assert.Empty(secret.Id);
    }

    [Theory]
    [InlineData("target=x")]
    [InlineData("source=a,mode=9")]
    [InlineData("source=a,mode=77777")]
    [InlineData("source=a,colour=red")]
    [InlineData("source=")]
    public void WhatNamesNoSecretIsSaid(string text) =>
        Assert.Throws<UsageException>(() => Create(("name", ["web"]), ("secret", [text])));

    [Fact]
    public void SecretsComeAndGoByName()
    {
        var before = Create(("name", ["web"]), ("secret", ["a", "b"]), ("config", ["c"]));
        var after = SpecChanger.Change(before, Flags(
            ("secret-rm", ["a"]), ("secret-add", ["source=d,target=b", "e"]), ("config-rm", ["c"])));
        Assert.Equal(["d", "e"], after.Task.Container.Secrets.Select(s => s.Name));
        Assert.Empty(after.Task.Container.Configs);
    }

    [Fact]
    public void HealthFlagsMakeACheckAndTakeItBack()
    {
        var made = Create(
            ("name", ["web"]), ("health-cmd", ["curl -f localhost"]), ("health-interval", ["5s"]),
            ("health-retries", ["2"]), ("health-start-period", ["1m"])).Task.Container.Health;
        Assert.Equal(["CMD-SHELL", "curl -f localhost"], made.Test);
        Assert.Equal((5_000_000_000, 2, 60_000_000_000), (made.IntervalNs, made.Retries, made.StartPeriodNs));
        Assert.Equal(["NONE"], Create(("name", ["w"]), ("no-healthcheck", ["true"])).Task.Container.Health.Test);
        Assert.Equal(["NONE"], Create(("name", ["w"]), ("health-cmd", ["none"])).Task.Container.Health.Test);
        Assert.Null(Create(("name", ["web"])).Task.Container.Health);
        Assert.Throws<UsageException>(() => Create(
            ("name", ["w"]), ("no-healthcheck", ["true"]), ("health-retries", ["2"])));
        var stored = Create(("name", ["web"]), ("health-cmd", ["x"]), ("health-retries", ["2"]));
        var off = SpecChanger.Change(stored, Flags(("no-healthcheck", ["true"])));
        Assert.Equal(["NONE"], off.Task.Container.Health.Test);
        Assert.Null(SpecChanger.Change(off, Flags(("no-healthcheck", ["false"]))).Task.Container.Health);
        var slower = SpecChanger.Change(stored, Flags(("health-interval", ["9s"]))).Task.Container.Health;
        Assert.Equal(["CMD-SHELL", "x"], slower.Test);
        Assert.Equal((2, 9_000_000_000), (slower.Retries, slower.IntervalNs));
    }

    [Fact]
    public void ForceMakesEveryTaskDiffer()
    {
        var before = Create(("name", ["web"]));
        Assert.Equal(1u, SpecChanger.Change(before, Flags(("force", ["true"]))).Task.ForceUpdate);
    }

    [Theory]
    [InlineData("99999:80")]
    [InlineData("abc:80")]
    [InlineData("127.0.0.1:8080:80")]
    [InlineData("published=80")]
    [InlineData("published=80,target=80,mode=foo")]
    [InlineData("target=80,protocol=icmp")]
    [InlineData("8000-8010:80")]
    public void BadPorts(string text) => Assert.Throws<UsageException>(() => Ports.Parse("--publish", text).ToList());

    [Theory]
    [InlineData("type=foo,target=/x")]
    [InlineData("type=bind,source=/a")]
    [InlineData("type=bind,source=/a,target=/x,tmpfs-size=1m")]
    [InlineData("type=bind,source=/a,target=/x,bogus=1")]
    public void BadMounts(string text) => Assert.Throws<UsageException>(() => Mounts.Parse("--mount", text));

    [Fact]
    public void AGlobalServiceHasNoReplicas() => Assert.Throws<UsageException>(
        () => Create(("name", ["x"]), ("mode", ["global"]), ("replicas", ["2"])));

    private static ServiceSpec Create(params (string, string[])[] flags) =>
        SpecBuilder.Create(Flags(flags), "web:1", [], "generated");

    private static FlagValues Flags(params (string Name, string[] Values)[] flags) =>
        new(flags.ToDictionary(f => f.Name, f => (IReadOnlyList<string>)f.Values));
}
