using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Format;

/// <summary>The layout of `service inspect --pretty`, as docker prints it.</summary>
public sealed class ServicePrettyTests
{
    [Fact]
    public void A_full_service_looks_as_dockers()
    {
        using var text = new StringWriter();
        ServicePretty.Print(text, new ServiceView { Id = "scyfl4mf7d8mvy64v4393wngy", Spec = Full() });
        Assert.Equal(
            """

            ID:		scyfl4mf7d8mvy64v4393wngy
            Name:		full
            Labels:
             sl=1
            Service Mode:	Replicated
             Replicas:	2
            Placement:
             Constraints:	[node.role==manager node.labels.zone!=zzz]
             Preferences:   [spread=node.labels.zone]
             Max Replicas Per Node:   2
            UpdateConfig:
             Parallelism:	2
             Delay:		1s
             On failure:	rollback
             Monitoring Period: 3s
             Max failure ratio: 0.25
             Update order:      start-first
            RollbackConfig:
             Parallelism:	1
             On failure:	pause
             Monitoring Period: 5s
             Max failure ratio: 0
             Rollback order:    stop-first
            ContainerSpec:
             Image:		10.78.0.254:5000/web:1
             Args:		sh /web.sh 
             Env:		A=1 B=two 
             Dir:		/tmp
             Init:		true
             User: 0:0
            Capabilities:
             Add: CAP_NET_ADMIN
             Drop: CAP_MKNOD
            SysCtls:
             net.core.somaxconn: 512
            Ulimits:
             nofile: 1024:2048
            Mounts:
             Target:	/scratch
              Source:	
              ReadOnly:	false
              Type:		tmpfs
            Log Driver:
             Name:		json-file
             LogOpts:
              max-size:       1m

            Resources:
             Reservations:
              CPU:		0.1
              Memory:	16MiB
             Limits:
              CPU:		0.5
              Memory:	64MiB
              PIDs:		50
            Endpoint Mode:	vip
            Ports:
             PublishedPort = 8090
              Protocol = tcp
              TargetPort = 80
              PublishMode = host 


            """,
            text.ToString());
    }

    private static ServiceSpec Full() => new()
    {
        Name = "full",
        Labels = { ["sl"] = "1" },
        Replicated = new ReplicatedMode { Replicas = 2 },
        Task = new TaskSpec
        {
            Container = new ContainerSpec
            {
                Image = "10.78.0.254:5000/web:1",
                Args = { "sh", "/web.sh" },
                Env = { "A=1", "B=two" },
                Workdir = "/tmp",
                Init = true,
                User = "0:0",
                CapabilityAdd = { "NET_ADMIN" },
                CapabilityDrop = { "CAP_MKNOD" },
                Sysctls = { ["net.core.somaxconn"] = "512" },
                Ulimits = { new Ulimit { Name = "nofile", Soft = 1024, Hard = 2048 } },
                Mounts = { new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/scratch" } },
            },
            LogDriver = new LogDriver { Name = "json-file", Options = { ["max-size"] = "1m" } },
            Placement = new Placement
            {
                Constraints = { "node.role==manager", "node.labels.zone!=zzz" },
                Preferences = { "spread=node.labels.zone" },
                MaxReplicasPerNode = 2,
            },
            Reservations = new Resources { NanoCpus = 100_000_000, MemoryBytes = 16 << 20 },
            Limits = new Resources { NanoCpus = 500_000_000, MemoryBytes = 64 << 20, Pids = 50 },
        },
        Update = new UpdatePolicy
        {
            Parallelism = 2,
            DelayNs = 1_000_000_000,
            FailureAction = UpdatePolicy.Types.FailureAction.Rollback,
            MonitorNs = 3_000_000_000,
            MaxFailureRatio = 0.25f,
            Order = UpdatePolicy.Types.Order.StartFirst,
        },
        Endpoint = new EndpointSpec
        {
            Ports =
            {
                new PortConfig
                {
                    PublishedPort = 8090, TargetPort = 80, PublishMode = PortConfig.Types.PublishMode.Host,
                },
            },
        },
    };
}
