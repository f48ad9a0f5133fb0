using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What users want and what breaks, at random, until it is healed.</summary>
internal sealed class Disturbance(World world, SpecMaker specs, long endsUs)
{
    private const int MostServices = 26;
    private readonly Dice _dice = world.Dice;
    private int _services;
    private readonly HashSet<NodeId> _removed = [];
    private int _nodes;

    /// <summary>Something happens now, and again soon.</summary>
    public void Begin()
    {
        if (world.Time.NowUs >= endsUs)
            return;
        if (_dice.Below(5) < 3)
            Wish();
        else
            Break();
        world.Time.After(_dice.Between(50, 900) * Timeline.UsPerMs, Begin);
    }

    public void CreateService()
    {
        var name = $"s{_services++:d2}";
        world.Ask(new StoreAction.CreateService(new ServiceId(name), specs.Service(name)));
    }

    public void CreateNode()
    {
        var number = _nodes++;
        var spec = new NodeSpec();
        spec.Labels["zone"] = $"z{_dice.Below(3)}";
        if (_dice.OneIn(2))
            spec.Labels["disk"] = "ssd";
        var id = new NodeId($"n{number:d2}");
        var worker = world.AddNode(id, new NodeDescription
        {
            Hostname = $"host{number}",
            Platform = new Platform { Os = "linux", Architecture = _dice.OneIn(8) ? "aarch64" : "x86_64" },
            Resources = new Resources
            {
                NanoCpus = _dice.Between(1, 4) * 1_000_000_000L,
                MemoryBytes = _dice.Between(1, 6) * (1L << 30),
            },
        });
        var record = new NodeRecord { Id = id, CreatedAt = default, Spec = spec, Role = NodeRole.Worker };
        Ask(new StoreAction.CreateNode(record), () => !world.State.Nodes.ContainsKey(id) && !_removed.Contains(id));
        world.Time.After(_dice.Between(50, 500) * Timeline.UsPerMs, worker.StartDaemon);
    }

    private void Wish()
    {
        var services = world.State.Services.Values.Where(s => !s.Removing).OrderBy(s => s.Id).ToList();
        if (services.Count == 0)
        {
            CreateService();
            return;
        }
        var service = _dice.Pick(services);
        switch (_dice.Below(20))
        {
            case < 3 when services.Count < MostServices:
                CreateService();
                break;
            case 3 or 4:
                world.Ask(new StoreAction.RemoveService(service.Id));
                break;
            case 5 or 6:
                world.Ask(new StoreAction.RollBackService(service.Id, 0, "manually requested rollback"));
                break;
            case 7 or 8 or 9:
                ChangeNode(_dice.Pick(world.State.Nodes.Values.OrderBy(n => n.Id).ToList()));
                break;
            case 10 when service.Update is { IsPaused: true }:
                world.Ask(new StoreAction.UpdateServiceSpec(service.Id, service.Version, service.Spec));
                break;
            default:
                world.Ask(new StoreAction.UpdateServiceSpec(service.Id, service.Version, specs.Changed(service.Spec)));
                break;
        }
    }

    private void ChangeNode(NodeRecord node)
    {
        var spec = node.Spec.Clone();
        switch (_dice.Below(4))
        {
            case 0:
                spec.Availability = NodeSpec.Types.Availability.Drain;
                break;
            case 1:
                spec.Availability = (NodeSpec.Types.Availability)_dice.Between(1, 3);
                break;
            case 2:
                spec.Labels["zone"] = $"z{_dice.Below(3)}";
                break;
            default:
                spec.Availability = NodeSpec.Types.Availability.Active;
                break;
        }
        world.Ask(new StoreAction.UpdateNodeSpec(node.Id, node.Version, spec));
    }

    private void Break()
    {
        var worker = _dice.Pick([.. world.Workers.Values]);
        switch (_dice.Below(16))
        {
            case < 3:
                Cut(worker);
                break;
            case < 6:
                Restart(worker);
                break;
            case < 9:
                PowerCut(worker);
                break;
            case < 12:
                LoseLeader();
                break;
            case 12:
                Stall();
                break;
            case 13:
                Shrink(worker);
                break;
            case 14:
                RemoveNode(worker);
                break;
            default:
                Zone();
                break;
        }
    }

    private void Cut(SimWorker worker)
    {
        world.Fault("node cut off");
        worker.Link(false);
        Later(200, 12_000, () => worker.Link(true));
    }

    private void Restart(SimWorker worker)
    {
        world.Fault("daemon ends");
        worker.StopDaemon();
        Later(100, 6_000, worker.StartDaemon);
    }

    private void PowerCut(SimWorker worker)
    {
        world.Fault("power cut");
        worker.LosePower();
        Later(1_000, 15_000, worker.StartDaemon);
    }

    private void LoseLeader()
    {
        world.Fault("leader lost");
        world.LoseLeader(_dice.Between(100, 2_500) * Timeline.UsPerMs);
    }

    private void Stall()
    {
        world.Fault("log stalls");
        world.Log.StallUs = _dice.Between(100, 1_500) * Timeline.UsPerMs;
        Later(200, 4_000, () => world.Log.StallUs = 0);
    }

    /// <summary>It comes back with less of everything.</summary>
    private void Shrink(SimWorker worker)
    {
        world.Fault("node shrinks");
        worker.StopDaemon();
        worker.Description = worker.Description.Clone();
        worker.Description.Resources.MemoryBytes = _dice.Between(1, 4) * (1L << 30);
        worker.Description.Resources.NanoCpus = _dice.Between(1, 3) * 1_000_000_000L;
        Later(100, 2_000, worker.StartDaemon);
    }

    private void RemoveNode(SimWorker worker)
    {
        if (world.State.Nodes.Count < 48)
            return;
        world.Fault("node removed");
        worker.LosePower();
        world.Workers.Remove(worker.Id);
        _removed.Add(worker.Id);
        Ask(new StoreAction.RemoveNode(worker.Id), () => world.State.Nodes.ContainsKey(worker.Id));
        Later(500, 3_000, CreateNode);
    }

    /// <summary>Asks until it has happened: leaders and what they propose may be lost.</summary>
    private void Ask(StoreAction action, Func<bool> isOpen)
    {
        world.Ask(action);
        world.Time.After(3 * Timeline.UsPerSecond, () =>
        {
            if (isOpen())
                Ask(action, isOpen);
        });
    }

    /// <summary>All nodes of a zone lose their link at once.</summary>
    private void Zone()
    {
        var zone = $"z{_dice.Below(3)}";
        world.Fault("zone cut off");
        foreach (var node in world.State.Nodes.Values.Where(n => n.Spec.Labels.GetValueOrDefault("zone") == zone))
        {
            if (world.Workers.TryGetValue(node.Id, out var worker) && _dice.Below(3) > 0)
            {
                worker.Link(false);
                Later(500, 8_000, () => worker.Link(true));
            }
        }
    }

    private void Later(int fromMs, int toMs, Action repair) =>
        world.Time.After(_dice.Between(fromMs, toMs) * Timeline.UsPerMs, repair);
}
