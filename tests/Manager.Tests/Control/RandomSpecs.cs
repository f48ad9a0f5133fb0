using Swarm.Protocol.V1;

namespace Swarm.Manager.Tests.Control;

/// <summary>Specs from a seed: sensible, odd and hostile values side by side, so that many pass.</summary>
internal sealed class RandomSpecs(int seed)
{
    private static readonly string[] Texts =
    [
        "", "a", "web", "web.1", "A=1", "=x", "node.role==manager", "node.role!=worker", "node.labels.zone==a",
        "node.ip==10.0.0.0/8", "node.nosuch==x", "node.platform.os==linux", "spread=node.labels.zone", "spread=",
        "/data", "/a/../b", "/proc/x", "rel", "10.0.0.1 host", "10.0.0.1", "::1", "SIGTERM", "SIGFOO", "nofile", "core",
        "CAP_NET_ADMIN", "all", "net.core.somaxconn", "vm.x", "json-file", "syslog", "10m", "3", "-1", "ü", "\0",
        "\u001b[2J", "{{.Task.Slot}}", "{{.Nosuch", "registry.test/web:1", "UPPER:x", "x@sha256:1", "😀", "a b",
        new('x', 63), new('x', 64), new('x', 40_000), "\ud800",
    ];

    private readonly Random _dice = new(seed);

    internal ServiceSpec Next(string? name = null)
    {
        var spec = new ServiceSpec { Name = name ?? (Rarely() ? Text() : $"s{_dice.Next(1_000_000)}") };
        if (!Rarely())
        {
            spec.Task = Task();
        }

        Mode(spec);
        Times(1, () => spec.Labels[Text()] = Text());
        if (Rarely())
        {
            spec.Update = Policy();
        }

        if (Rarely())
        {
            spec.Rollback = Policy();
        }

        if (Rarely())
        {
            spec.Endpoint = new EndpointSpec();
            Times(3, () => spec.Endpoint.Ports.Add(new PortConfig
            {
                TargetPort = Port(),
                PublishedPort = Port(),
                Protocol = (PortConfig.Types.Protocol)_dice.Next(4),
                PublishMode = (PortConfig.Types.PublishMode)_dice.Next(4),
            }));
        }

        return spec;
    }

    /// <summary>Another spec that an update may bring: same name, same mode.</summary>
    internal ServiceSpec Successor(ServiceSpec before)
    {
        var spec = Next(before.Name);
        switch (before.ModeCase)
        {
            case ServiceSpec.ModeOneofCase.Global:
                spec.Global = new GlobalMode();
                break;
            case ServiceSpec.ModeOneofCase.GlobalJob:
                spec.GlobalJob = new GlobalJobMode();
                break;
            case ServiceSpec.ModeOneofCase.ReplicatedJob:
                spec.ReplicatedJob = before.ReplicatedJob.Clone();
                break;
            default:
                spec.Replicated = new ReplicatedMode { Replicas = (ulong)_dice.Next(10) };
                break;
        }

        return spec;
    }

    private void Mode(ServiceSpec spec)
    {
        switch (_dice.Next(10))
        {
            case 0:
                spec.Global = new GlobalMode();
                break;
            case 1:
                spec.GlobalJob = new GlobalJobMode();
                break;
            case 2:
                spec.ReplicatedJob = new ReplicatedJobMode { MaxConcurrent = Count() };
                if (Rarely())
                {
                    spec.ReplicatedJob.TotalCompletions = Count();
                }

                break;
            case 3 when Rarely():
                break;
            default:
                spec.Replicated = new ReplicatedMode { Replicas = Count() };
                break;
        }
    }

    private TaskSpec Task()
    {
        var task = new TaskSpec { Container = Rarely() ? null : Container(), ForceUpdate = (ulong)_dice.Next(3) };
        if (Rarely())
        {
            task.Limits = Resources();
        }

        if (Rarely())
        {
            task.Reservations = Resources();
        }

        if (Rarely())
        {
            task.Restart = new RestartPolicy
            {
                Condition = (RestartPolicy.Types.Condition)_dice.Next(5), MaxAttempts = Count(), WindowNs = Number(),
                DelayNs = Number(),
            };
        }

        if (Rarely())
        {
            task.Placement = new Placement { MaxReplicasPerNode = Count() };
            Times(2, () => task.Placement.Constraints.Add(Text()));
            Times(2, () => task.Placement.Preferences.Add(Text()));
            Times(1, () => task.Placement.Platforms.Add(new Platform { Os = Text(), Architecture = Text() }));
        }

        if (Rarely())
        {
            task.LogDriver = new LogDriver { Name = Text(), Options = { [Text()] = Text() } };
        }

        return task;
    }

    private ContainerSpec Container()
    {
        var container = new ContainerSpec { Image = Rarely() ? Text() : "registry.test/web:1" };
        foreach (var list in new[]
        {
            container.Env, container.Command, container.Args, container.Groups, container.Hosts, container.DnsServers,
            container.DnsSearch, container.DnsOptions, container.CapabilityAdd, container.CapabilityDrop,
        })
        {
            Times(1, () => list.Add(Text()));
        }

        if (Rarely())
        {
            (container.Hostname, container.User, container.Workdir, container.StopSignal) =
                (Text(), Text(), Text(), Text());
            (container.StopGracePeriodNs, container.OomScoreAdj) = (Number(), _dice.Next(-2000, 2000));
            container.Sysctls[Text()] = Text();
            container.Ulimits.Add(new Ulimit { Name = Text(), Soft = Number(), Hard = Number() });
            container.Mounts.Add(new Mount
            {
                Type = (Mount.Types.Type)_dice.Next(4), Source = Text(), Target = Text(), BindPropagation = Text(),
                TmpfsSizeBytes = Number(), TmpfsMode = Port(),
            });
        }

        return container;
    }

    private UpdatePolicy Policy() => new()
    {
        Parallelism = Count(),
        DelayNs = Number(),
        MonitorNs = Number(),
        FailureAction = (UpdatePolicy.Types.FailureAction)_dice.Next(5),
        Order = (UpdatePolicy.Types.Order)_dice.Next(4),
        MaxFailureRatio = _dice.Next(6) switch { 0 => float.NaN, 1 => -1, 2 => 2, _ => _dice.NextSingle() },
    };

    private Resources Resources()
    {
        var resources = new Resources { NanoCpus = Number(), MemoryBytes = Number(), Pids = Number() };
        Times(1, () => resources.Generic.Add(new GenericResource
        {
            Kind = Text(), Count = Number(), Names = { Text() },
        }));
        return resources;
    }

    private bool Rarely() => _dice.Next(12) == 0;

    private void Times(int most, Action action)
    {
        for (var i = _dice.Next(30) == 0 ? _dice.Next(1, most + 1) : 0; i > 0; i--)
        {
            action();
        }
    }

    private string Text() => Texts[_dice.Next(Texts.Length)];

    private uint Port() => _dice.Next(5) switch
    {
        0 => 0, 1 => 65536, 2 => uint.MaxValue, _ => (uint)_dice.Next(65536),
    };

    private ulong Count() => _dice.Next(400) switch
    {
        0 => 100_000, 1 => 100_001, 2 => ulong.MaxValue, _ => (ulong)_dice.Next(8),
    };

    private long Number() => _dice.Next(8) switch
    {
        0 => long.MinValue, 1 => -1, 2 => long.MaxValue, 3 => 1, _ => _dice.NextInt64(64L << 30),
    };
}
