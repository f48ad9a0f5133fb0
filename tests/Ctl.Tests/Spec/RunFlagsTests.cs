using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Spec;

/// <summary>From a line of `run` to what the node is asked.</summary>
public sealed class RunFlagsTests
{
    [Fact]
    public void What_services_have_too_means_the_same()
    {
        var request = Build(
            ("memory", ["64m"]), ("cpus", ["0.5"]), ("pids-limit", ["10"]), ("user", ["7"]), ("workdir", ["/w"]),
            ("env", ["A=1"]), ("label", ["x=y"]), ("add-host", ["a:10.0.0.1"]), ("group-add", ["5"]),
            ("stop-timeout", ["3"]), ("entrypoint", ["sh -c"]), ("publish", ["8080:80"]), ("rm", ["true"]),
            ("interactive", ["true"]), ("tty", ["true"]), ("name", ["c1"]));
        var (task, container) = (request.Spec, request.Spec.Container);
        Assert.Equal((64 << 20, 500_000_000, 10), (task.Limits.MemoryBytes, task.Limits.NanoCpus, task.Limits.Pids));
        Assert.Equal(("7", "/w", "y"), (container.User, container.Workdir, container.Labels["x"]));
        Assert.Equal((["A=1"], ["10.0.0.1 a"], ["5"]), (container.Env, container.Hosts, container.Groups));
        Assert.Equal(["sh -c"], container.Command);
        Assert.Equal((3_000_000_000, true), (container.StopGracePeriodNs, container.Tty));
        Assert.Equal(("c1", true, true, true), (request.Name, request.Stdin, request.RemoveAtEnd, request.Networked));
        Assert.Equal(
            (8080u, 80u, PortConfig.Types.PublishMode.Host),
            (request.Ports[0].PublishedPort, request.Ports[0].TargetPort, request.Ports[0].PublishMode));
    }

    [Theory]
    [InlineData("data:/d", Mount.Types.Type.Volume, "data", "/d", false)]
    [InlineData("/srv:/d:ro", Mount.Types.Type.Bind, "/srv", "/d", true)]
    [InlineData("/d", Mount.Types.Type.Volume, "", "/d", false)]
    [InlineData("data:/d:nocopy,ro", Mount.Types.Type.Volume, "data", "/d", true)]
    public void Short_mounts(string text, Mount.Types.Type type, string source, string target, bool readOnly)
    {
        var mount = RunMounts.Volume("-v", text);
        Assert.Equal((type, source, target, readOnly), (mount.Type, mount.Source, mount.Target, mount.ReadOnly));
        Assert.Equal(text.Contains("nocopy", StringComparison.Ordinal), mount.Volume?.NoCopy ?? false);
    }

    [Fact]
    public void A_path_from_here_is_made_whole() => Assert.Equal(
        Path.GetFullPath("./x"), RunMounts.Volume("-v", "./x:/d").Source);

    [Theory]
    [InlineData("volume", "a:b:c:d")]
    [InlineData("volume", "data:/d:z")]
    [InlineData("volume", "/srv:/d:nocopy")]
    [InlineData("volume", ":/d")]
    [InlineData("tmpfs", ":size=1m")]
    [InlineData("tmpfs", "/t:uid=7")]
    [InlineData("publish", "127.0.0.1:80:80")]
    [InlineData("publish", "80")]
    [InlineData("publish", "x:80")]
    [InlineData("entrypoint", "")]
    [InlineData("stop-timeout", "1s")]
    [InlineData("memory", "much")]
    public void Bad_values_are_refused(string flag, string value) =>
        Assert.Throws<UsageException>(() => Build((flag, [value])));

    [Fact]
    public void A_network_that_is_not_there_is_refused()
    {
        Assert.Throws<CtlException>(() => Build(("network", ["backend"])));
        Assert.Throws<CtlException>(() => Build(("network", ["host"])));
        Assert.False(Build(("network", ["none"])).Networked);
        Assert.Throws<UsageException>(() => Build(("network", ["none"]), ("publish", ["80:80"])));
    }

    /// <summary>Every flag of docker run is known or refused by name.</summary>
    [Fact]
    public void No_flag_of_docker_is_forgotten()
    {
        var ours = RunFlags.Known.Select(f => f.Name).Concat(RunFlags.Refused().Select(r => r.Name)).ToList();
        Assert.Equal(ours.Count, ours.Distinct().Count());
        var dockers = DockerRun.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Subset(ours.ToHashSet(), dockers.ToHashSet());
    }

    private const string DockerRun = """
        add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile
        cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus
        cpuset-mems detach detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps
        device-write-iops disable-content-trust dns dns-option dns-search domainname entrypoint env env-file expose
        gpus group-add health-cmd health-interval health-retries health-start-interval health-start-period
        health-timeout hostname init interactive io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label
        label-file link link-local-ip log-driver log-opt mac-address memory memory-reservation memory-swap
        memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable oom-score-adj pid
        pids-limit platform privileged publish publish-all pull quiet read-only restart rm runtime security-opt
        shm-size sig-proxy stop-signal stop-timeout storage-opt sysctl tmpfs tty ulimit use-api-socket user userns
        uts volume volume-driver volumes-from workdir
        """;

    private static CreateContainerRequest Build(params (string Flag, string[] Values)[] flags) => RunFlags.Build(
        new FlagValues(flags.ToDictionary(f => f.Flag, f => (IReadOnlyList<string>)f.Values)), "busy:1", ["x"],
        "made_up");
}
