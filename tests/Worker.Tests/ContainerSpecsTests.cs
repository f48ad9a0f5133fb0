using System.Net;
using System.Text.Json;
using Swarm.Protocol.V1;
using Swarm.RoutingMesh;
using Swarm.Runtime.Images;

namespace Swarm.Worker.Tests;

/// <summary>Everything that a spec says of a container arrives at the runtime.</summary>
public sealed class ContainerSpecsTests
{
    public static TheoryData<string, Action<TaskSpec>> Edits => new()
    {
        { "command", t => t.Container.Command.Add("/bin/other") },
        { "args", t => t.Container.Args.Add("x") },
        { "env", t => t.Container.Env.Add("A=1") },
        { "labels", t => t.Container.Labels["a"] = "b" },
        { "hostname", t => t.Container.Hostname = "h" },
        { "user", t => t.Container.User = "7:8" },
        { "groups", t => t.Container.Groups.Add("9") },
        { "workdir", t => t.Container.Workdir = "/w" },
        { "mounts", t => t.Container.Mounts.Add(new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/t" }) },
        { "stop_signal", t => t.Container.StopSignal = "SIGQUIT" },
        { "stop_grace_period_ns", t => t.Container.StopGracePeriodNs = 1_000_000_000 },
        { "init", t => t.Container.Init = true },
        { "read_only", t => t.Container.ReadOnly = true },
        { "tty", t => t.Container.Tty = true },
        { "open_stdin", t => t.Container.OpenStdin = true },
        { "capability_add", t => t.Container.CapabilityAdd.Add("net_admin") },
        { "capability_drop", t => t.Container.CapabilityDrop.Add("MKNOD") },
        { "hosts", t => t.Container.Hosts.Add("10.0.0.1 a") },
        { "dns_servers", t => t.Container.DnsServers.Add("10.0.0.1") },
        { "dns_search", t => t.Container.DnsSearch.Add("example.test") },
        { "dns_options", t => t.Container.DnsOptions.Add("ndots:1") },
        { "ulimits", t => t.Container.Ulimits.Add(new Ulimit { Name = "nofile", Soft = 1, Hard = -1 }) },
        { "sysctls", t => t.Container.Sysctls["net.core.somaxconn"] = "512" },
        { "oom_score_adj", t => t.Container.OomScoreAdj = 0 },
        { "secrets", t => t.Container.Secrets.Add(new PayloadReference { Id = "i", Name = "n" }) },
        { "configs", t => t.Container.Configs.Add(new PayloadReference { Id = "i", Name = "n" }) },
        { "limits", t => t.Limits = new Resources { NanoCpus = 1_000_000 } },
        { "limits", t => t.Limits = new Resources { MemoryBytes = 64L << 20 } },
        { "limits", t => t.Limits = new Resources { Pids = 5 } },
        { "log_driver", t => t.LogDriver = new LogDriver { Name = "local", Options = { ["max-size"] = "1m" } } },
        { "log_driver", t => t.LogDriver = new LogDriver { Name = "local", Options = { ["max-file"] = "1" } } },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void A_part_of_a_spec_changes_what_the_runtime_is_asked(string field, Action<TaskSpec> edit)
    {
        ArgumentNullException.ThrowIfNull(edit);
        var edited = Spec();
        edit(edited);
        Assert.True(Shown(edited) != Shown(Spec()), $"{field} is ignored");
    }

    /// <summary>A field that is added to the spec has to be added above; the image is what the root file system is made
    /// of, and the health check and when it starts are nothing of the container's own (HealthPlanTests,
    /// TaskRunnerTests).</summary>
    [Fact]
    public void No_part_is_forgotten() => Assert.Equal(
        ContainerSpec.Descriptor.Fields.InDeclarationOrder().Select(f => f.Name)
            .Where(n => n is not ("image" or "health" or "attach_first"))
            .Append("limits").Append("log_driver").Order(StringComparer.Ordinal),
        Edits.Select(e => (string)e[0]).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Paths_are_brought_into_the_one_form_that_the_runtime_takes()
    {
        var spec = Spec();
        spec.Container.Workdir = "/a//b/";
        spec.Container.Mounts.Add(new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/data/" });
        var made = From(spec);
        Assert.Equal(("/a/b", "/data"), (made.Cwd, made.Mounts.Single().Target));
    }

    [Fact]
    public void Secrets_and_configs_are_files_of_their_own()
    {
        var spec = Spec();
        spec.Container.Secrets.Add(new PayloadReference { Id = "a", Name = "key" });
        spec.Container.Secrets.Add(new PayloadReference { Id = "b", Name = "pem", Target = "/etc/pem", Mode = 0x1ED });
        spec.Container.Configs.Add(new PayloadReference { Id = "c", Name = "app.conf" });
        var made = From(spec).Mounts;
        Assert.Equal(["/run/secrets/key", "/etc/pem", "/app.conf"], made.Select(m => m.Target));
        Assert.All(made, m => Assert.True(m.ReadOnly && m.Options.Contains("nosuid")));
        Assert.Equal([true, false, true], made.Select(m => m.Options.Contains("noexec")));
        Assert.Equal(3, made.Select(m => m.Source).Distinct().Count());
    }

    private static TaskSpec Spec() => new() { Container = new ContainerSpec { Image = "registry.test/web:1" } };

    private static string Shown(TaskSpec spec) => JsonSerializer.Serialize(From(spec));

    private static Runtime.Containers.ContainerSpec From(TaskSpec spec) => ContainerSpecs.From(
        new AssignedTask { Id = new string('a', 25), ServiceName = "web", Slot = 1, Name = "web.1", Spec = spec },
        new TaskHost("node1", new NodeDescription { Hostname = "n1" }, "/tmp"),
        new ImageConfig { Cmd = ["/bin/true"] },
        "/tmp",
        new ContainerNetwork("c", IPAddress.Loopback, "/run/netns/x", "v0", false));
}
