using Swarm.Manager.Tests;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.CommandLine.Tests;

/// <summary>
/// Each flag of docker's either changes the spec that is stored, or is refused in a line that names what is missing and
/// what to do without it. None is ignored.
/// </summary>
public sealed class EveryFlagTests(ManagerWithOneService with) : IClassFixture<ManagerWithOneService>, IDisposable
{
    private static int _names;
    private readonly string _envFile = Path.GetTempFileName();
    private readonly string _name = $"flag{Interlocked.Increment(ref _names)}";

    public static TheoryData<string> CreateFlags => [.. FlagNames.Create];

    public static TheoryData<string> UpdateFlags => [.. FlagNames.Update];

    [Fact]
    public void The_lists_are_dockers()
    {
        // docker counts --help too: 74 and 93.
        Assert.Equal((73, 92), (FlagNames.Create.Distinct().Count(), FlagNames.Update.Distinct().Count()));
    }

    [Theory]
    [MemberData(nameof(CreateFlags))]
    public async Task Of_create(string line)
    {
        var (flag, arguments) = Arguments(line);
        var jobs = flag == "max-concurrent" ? ["--mode", "replicated-job"] : (string[])[];
        string[] name = flag == "name" ? [] : ["--name", _name];
        var ran = await with.Manager.CtlAsync(
            ["service", "create", "--detach", "--no-resolve-image", .. name, .. jobs, .. arguments, BadInput.Image,
            "x"]);
        if (IsRefused(ran, flag))
        {
            Assert.Null(with.Manager.Node.State.FindService(_name));
            return;
        }

        Assert.Equal((0, ""), (ran.ExitCode, ran.Errors));
        var stored = with.Manager.Node.State.FindService(flag == "name" ? "other" : _name)!.Spec;
        var plain = new ServiceSpec
        {
            Name = _name,
            Task = new TaskSpec { Container = new ContainerSpec { Image = BadInput.Image, Args = { "x" } } },
        };
        if (jobs.Length > 0)
        {
            plain.ReplicatedJob = new ReplicatedJobMode { TotalCompletions = 1 };
        }
        else
        {
            plain.Replicated = new ReplicatedMode { Replicas = 1 };
        }

        Assert.Equal(FlagNames.ChangeNoSpec.Contains(flag), plain.Equals(stored));
    }

    [Theory]
    [MemberData(nameof(UpdateFlags))]
    public async Task Of_update(string line)
    {
        var (flag, arguments) = Arguments(line);
        var before = Rich(flag == "max-concurrent");
        await with.Manager.CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", new CreateServiceRequest { NoResolveImage = true, Spec = before });
        if (flag == "rollback")
        {
            Assert.Equal(0, (await with.Manager.CtlAsync(
                "service", "update", "--detach", "--no-resolve-image", "--replicas", "9", _name)).ExitCode);
        }

        string[] quick = flag == "rollback" ? [] : ["--no-resolve-image"];
        var ran = await with.Manager.CtlAsync(
            ["service", "update", "--detach", .. quick, .. arguments, _name]);
        var stored = with.Manager.Node.State.FindService(_name)!.Spec;
        if (IsRefused(ran, flag))
        {
            Assert.Equal(before, stored);
            return;
        }

        Assert.Equal((0, "", _name + "\n"), (ran.ExitCode, ran.Errors, ran.Output));
        Assert.Equal(FlagNames.ChangeNoSpec.Contains(flag) || flag == "rollback", before.Equals(stored));
    }

    public void Dispose() => File.Delete(_envFile);

    private static bool IsRefused(Ran ran, string flag)
    {
        if (!ran.Errors.Contains("is not available in this version", StringComparison.Ordinal))
        {
            return false;
        }

        Assert.Equal(1, ran.ExitCode);
        Assert.Matches($"^--{flag} is not available in this version: [^;]+; [^;]+\n$", ran.Errors);
        return true;
    }

    private (string Flag, string[] Arguments) Arguments(string line)
    {
        File.WriteAllText(_envFile, "# comment\nFROM_FILE=1\n");
        var parts = line.Replace("ENVFILE", _envFile, StringComparison.Ordinal).Split(' ');
        return (parts[0], ["--" + parts[0], .. parts[1..]]);
    }

    private PayloadReference Reference(PayloadKind kind) =>
        new() { Id = with.Manager.Node.State.FindPayload(kind, "old")!.Id.Value, Name = "old" };

    private ServiceSpec Rich(bool job)
    {
        var container = new ContainerSpec
        {
            Image = BadInput.Image,
            Args = { "x" },
            CapabilityAdd = { "NET_ADMIN" },
            Labels = { ["a"] = "b" },
            DnsServers = { "10.0.0.1" },
            DnsOptions = { "ndots:1" },
            DnsSearch = { "example.test" },
            Env = { "A=1" },
            Groups = { "5" },
            Hosts = { "10.0.0.1 a" },
            Mounts = { new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/x" } },
            Sysctls = { ["net.core.somaxconn"] = "512" },
            Secrets = { Reference(PayloadKind.Secret) },
            Configs = { Reference(PayloadKind.Config) },
            Ulimits = { new Ulimit { Name = "nofile", Soft = 1024, Hard = 2048 } },
        };
        var spec = new ServiceSpec
        {
            Name = _name,
            Labels = { ["a"] = "b" },
            Task = new TaskSpec
            {
                Container = container,
                Reservations = new Resources { Generic = { new GenericResource { Kind = "gpu", Count = 2 } } },
                Placement = new Placement
                {
                    Constraints = { "node.role==manager" }, Preferences = { "spread=node.labels.zone" },
                },
            },
            Endpoint = new EndpointSpec { Ports = { new PortConfig { TargetPort = 80 } } },
        };
        spec.Endpoint.Ports[0].Protocol = PortConfig.Types.Protocol.Tcp;
        spec.Endpoint.Ports[0].PublishMode = PortConfig.Types.PublishMode.Ingress;
        if (job)
        {
            spec.ReplicatedJob = new ReplicatedJobMode { TotalCompletions = 1 };
        }
        else
        {
            spec.Replicated = new ReplicatedMode { Replicas = 1 };
        }

        return spec;
    }
}
