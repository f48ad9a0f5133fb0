using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Random services and random changes of them; all of them are valid.</summary>
internal sealed class SpecMaker(Dice dice)
{
    private const long NsPerMs = 1_000_000;
    private static readonly string[] s_images =
        ["ok", "ok", "ok", "ok", "ok", "ok", "slow", "slow", "flaky", "crash", "bad", "exit"];

    private int _versions;

    public ServiceSpec Service(string name)
    {
        var spec = new ServiceSpec
        {
            Name = name,
            Task = new TaskSpec
            {
                Container = new ContainerSpec
                {
                    Image = "ok:0", StopGracePeriodNs = dice.Between(1, 3) * 1_000 * NsPerMs,
                },
                Restart = Restart(),
            },
        };
        var kind = dice.Below(20);
        if (kind < 13)
            spec.Replicated = new ReplicatedMode { Replicas = (ulong)dice.Between(0, 7) };
        else if (kind < 16)
            spec.Global = new GlobalMode();
        else if (kind < 19)
            spec.ReplicatedJob = new ReplicatedJobMode
            {
                MaxConcurrent = (ulong)dice.Between(1, 4),
                TotalCompletions = (ulong)dice.Between(1, 9),
            };
        else
            spec.GlobalJob = new GlobalJobMode();
        if (kind < 16)
            (spec.Update, spec.Rollback) = (Policy(spec, mayRollBack: true), Policy(spec, mayRollBack: false));
        Image(spec);
        Place(spec);
        if (kind < 13 && dice.OneIn(3))
            Publish(spec);
        if (dice.OneIn(3))
            Reserve(spec);
        return spec;
    }

    /// <summary>Something of it changes.</summary>
    public ServiceSpec Changed(ServiceSpec old)
    {
        var spec = old.Clone();
        switch (dice.Below(12))
        {
            case 0 or 1 when spec.Replicated is not null:
                spec.Replicated.Replicas = (ulong)dice.Between(0, 8);
                break;
            case 2 when spec.ReplicatedJob is not null:
                spec.ReplicatedJob.MaxConcurrent = (ulong)dice.Between(1, 4);
                break;
            case 3:
                spec.Labels["changed"] = $"{++_versions}";
                break;
            case 4 when spec.Update is not null:
                spec.Update = Policy(spec, mayRollBack: true);
                break;
            case 5:
                spec.Task.Restart = Restart();
                break;
            case 6:
                Place(spec);
                break;
            case 7:
                Reserve(spec);
                break;
            case 8:
                spec.Task.ForceUpdate++;
                break;
            case 9:
                return spec;
            default:
                Image(spec);
                break;
        }
        return spec;
    }

    /// <summary>What a user does who wants it to run.</summary>
    public ServiceSpec Mended(ServiceSpec old)
    {
        var spec = old.Clone();
        spec.Task.Container.Image = $"ok:{++_versions}";
        return spec;
    }

    private void Image(ServiceSpec spec)
    {
        var job = spec.ModeCase is ServiceSpec.ModeOneofCase.ReplicatedJob or ServiceSpec.ModeOneofCase.GlobalJob;
        var kind = job ? dice.OneIn(8) ? "badjob" : "job" : dice.Pick(s_images);
        spec.Task.Container.Image = $"{kind}:{++_versions}";
    }

    private RestartPolicy Restart()
    {
        var policy = new RestartPolicy { DelayNs = dice.Below(4) * 1_000 * NsPerMs };
        policy.Condition = dice.Below(8) switch
        {
            0 => RestartPolicy.Types.Condition.None,
            1 or 2 => RestartPolicy.Types.Condition.OnFailure,
            3 => RestartPolicy.Types.Condition.Any,
            _ => RestartPolicy.Types.Condition.Unspecified,
        };
        if (dice.OneIn(4))
            policy.MaxAttempts = (ulong)dice.Between(1, 9);
        if (policy.MaxAttempts > 0 && dice.OneIn(3))
            policy.WindowNs = dice.Between(3, 15) * 1_000 * NsPerMs;
        return policy;
    }

    private UpdatePolicy Policy(ServiceSpec spec, bool mayRollBack)
    {
        var global = spec.ModeCase == ServiceSpec.ModeOneofCase.Global;
        return new UpdatePolicy
        {
            Parallelism = (ulong)(global ? dice.Between(8, 20) : dice.Below(4)),
            DelayNs = dice.Below(3) * 400 * NsPerMs,
            MonitorNs = dice.Between(1, 4) * 500 * NsPerMs,
            MaxFailureRatio = dice.Below(3) * 0.2f,
            Order = (UpdatePolicy.Types.Order)dice.Between(0, 2),
            FailureAction = (UpdatePolicy.Types.FailureAction)dice.Between(0, mayRollBack ? 3 : 2),
        };
    }

    private void Place(ServiceSpec spec)
    {
        var placement = new Placement();
        if (dice.OneIn(3))
            placement.Constraints.Add($"node.labels.zone{(dice.OneIn(3) ? "!=" : "==")}z{dice.Below(3)}");
        if (dice.OneIn(6))
            placement.Constraints.Add("node.labels.disk==ssd");
        if (dice.OneIn(3) && spec.ModeCase == ServiceSpec.ModeOneofCase.Replicated)
            placement.Preferences.Add("spread=node.labels.zone");
        if (dice.OneIn(3) && spec.ModeCase == ServiceSpec.ModeOneofCase.Replicated)
            placement.MaxReplicasPerNode = (ulong)dice.Between(1, 2);
        if (dice.OneIn(6))
            placement.Platforms.Add(new Platform { Os = "linux", Architecture = "x86_64" });
        spec.Task.Placement = placement;
    }

    private void Reserve(ServiceSpec spec) => spec.Task.Reservations = new Resources
    {
        NanoCpus = dice.Below(4) * 500_000_000L,
        MemoryBytes = dice.Below(4) * (1L << 30),
    };

    private void Publish(ServiceSpec spec)
    {
        var host = dice.OneIn(3);
        spec.Endpoint = new EndpointSpec();
        spec.Endpoint.Ports.Add(new PortConfig
        {
            Protocol = PortConfig.Types.Protocol.Tcp,
            TargetPort = 80,
            PublishedPort = dice.OneIn(3) ? 0u : (uint)(host ? dice.Between(9_000, 9_001) : dice.Between(8_000, 8_999)),
            PublishMode = host ? PortConfig.Types.PublishMode.Host : PortConfig.Types.PublishMode.Ingress,
        });
    }
}
