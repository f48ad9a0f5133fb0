using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// A large cluster: in the first half of each minute nodes lose their power, each has it back a minute later. At the
/// end of the minute every service must be whole.
/// </summary>
internal sealed class ScaleRun
{
    private const int BatchActions = 2_000;
    private const long MinuteUs = 60 * Timeline.UsPerSecond;
    private const long LosingUs = MinuteUs / 2;
    private const long BetweenServicesUs = 20 * Timeline.UsPerMs;
    private const long SettleUs = 20 * Timeline.UsPerSecond;
    private readonly ScaleSize _size;
    private readonly List<NodeId> _ids = [];

    public ScaleRun(ScaleSize size, ulong seed)
    {
        _size = size;
        var options = new WorldOptions
        {
            CommitMinUs = 5_000, CommitMaxUs = 20_000, NetworkMinUs = 500, NetworkMaxUs = 20_000,
        };
        World = new World(seed, null, options, Checkers);
        Figures = World.Checkers.OfType<ScaleFigures>().Single();
    }

    public World World { get; }

    public ScaleFigures Figures { get; }

    /// <summary>Nodes that lost their power so far.</summary>
    public long Lost { get; private set; }

    /// <summary>Slots that were looked at so far.</summary>
    public long Checked { get; private set; }

    /// <summary>Nodes come, then services, one after the other.</summary>
    public void Build()
    {
        World.Elect();
        World.Ask(new StoreAction.SetCluster(SwarmRunner.Cluster()));
        foreach (var batch in Enumerable.Range(0, _size.Nodes).Chunk(BatchActions))
            World.Log.Propose(World.Leader!, Origin.User, [.. batch.Select(Node)], static _ => { });
        for (var i = 0; i < _size.Nodes; i++)
        {
            var worker = World.AddNode(IdOf(i), Description(i));
            _ids.Add(worker.Id);
            World.Time.After((2_000 + World.Dice.Below(5_000)) * Timeline.UsPerMs, worker.StartDaemon);
        }
        World.Time.RunTo(SettleUs);
        for (var i = 0UL; i < _size.Services; i++)
        {
            var spec = Spec($"s{i:d4}");
            World.Time.After(
                (long)i * BetweenServicesUs,
                () => World.Ask(new StoreAction.CreateService(new ServiceId(spec.Name), spec)));
        }
        World.Time.RunTo(World.Time.NowUs + ((long)_size.Services * BetweenServicesUs) + SettleUs);
        Check();
    }

    /// <summary>One minute with its losses, and a look at every slot at its end.</summary>
    public void Minute()
    {
        var end = World.Time.NowUs + MinuteUs;
        for (var i = 0; i < _size.LostAMinute; i++)
            World.Time.After(World.Dice.Below((int)LosingUs), Lose);
        World.Time.RunTo(end);
        Check();
    }

    /// <summary>Nothing is lost any more, and all nodes are back.</summary>
    public void Calm()
    {
        World.Time.RunTo(World.Time.NowUs + MinuteUs + SettleUs);
        Check();
        foreach (var node in World.State.Nodes.Values)
        {
            if (node.State != NodeStatus.Types.State.Ready)
                throw new ViolationException("L1", $"node {node.Id} is {node.State}");
        }
        foreach (var checker in World.Checkers)
            checker.OnCalm();
    }

    private void Lose()
    {
        var worker = World.Workers[World.Dice.Pick(_ids)];
        if (!worker.IsUp)
            return;
        Lost++;
        worker.LosePower();
        World.Time.After(MinuteUs, worker.StartDaemon);
    }

    /// <summary>Each slot has one task that is wanted, and it runs on a node that has power.</summary>
    private void Check()
    {
        var wanted = World.State.Services.Keys.ToDictionary(id => id, _ => new TaskRecord?[_size.Replicas]);
        // All tasks in the order of the store: looked for slot by slot they would be far from each other.
        foreach (var task in World.State.Tasks.Values.Where(t => t.IsWanted))
        {
            if (task.Slot == 0 || task.Slot > _size.Replicas)
                throw new ViolationException("L1", $"service {task.ServiceId} has a slot {task.Slot}");
            ref var known = ref wanted[task.ServiceId][task.Slot - 1];
            if (known is not null)
                throw new ViolationException("I6", $"slot {task.Key} has {known.Id} and {task.Id}");
            known = task;
        }
        foreach (var (service, tasks) in wanted)
        {
            for (var i = 0; i < tasks.Length; i++)
                Check(new SlotKey(service, (ulong)i + 1, default), tasks[i]);
            Checked += tasks.Length;
        }
    }

    private void Check(SlotKey key, TaskRecord? task)
    {
        if (task is not { Status.State: TaskState.Running, DesiredState: TaskState.Running })
            throw new ViolationException(
                "L1", $"slot {key}: {task?.Id} is {task?.Status.State}, desired {task?.DesiredState} "
                    + $"on {task?.NodeId} since {task?.UpdatedAt:T}; it is {World.Now:T}");
        var worker = World.Workers[task.NodeId];
        if (!worker.IsUp || worker.ContainerOf(task.Id) is not { IsRunning: true })
            throw new ViolationException("I13", $"task {task.Id} of {key} does not run on {task.NodeId}");
    }

    private static List<Checker> Checkers(World world) =>
    [
        new ScaleFigures(world), new I02Transitions(world), new I03Identity(world), new I06OneWanted(world),
        new I07OneContainer(world), new I15Placement(world),
    ];

    private ServiceSpec Spec(string name) => new()
    {
        Name = name,
        Replicated = new ReplicatedMode { Replicas = _size.Replicas },
        Task = new TaskSpec
        {
            Container = new ContainerSpec { Image = "ok:1" },
            Reservations = new Resources { MemoryBytes = 64 << 20 },
        },
    };

    private static NodeId IdOf(int number) => new($"n{number:d5}");

    private static StoreAction Node(int number)
    {
        var spec = new NodeSpec();
        spec.Labels["zone"] = $"z{number % 5}";
        return new StoreAction.CreateNode(new NodeRecord
        {
            Id = IdOf(number), CreatedAt = default, Spec = spec, Role = NodeRole.Worker,
        });
    }

    private static NodeDescription Description(int number) => new()
    {
        Hostname = $"host{number}",
        Platform = new Platform { Os = "linux", Architecture = "x86_64" },
        Resources = new Resources { NanoCpus = 16_000_000_000, MemoryBytes = 32L << 30 },
    };
}
