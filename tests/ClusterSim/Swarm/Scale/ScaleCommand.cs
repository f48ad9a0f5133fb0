using System.Diagnostics;
using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A large cluster for an hour: nodes lose their power and come back all the time, and every service stays
/// what it is to be.</summary>
internal static class ScaleCommand
{
    public const string Usage =
        "       ClusterSim scale [--nodes N] [--tasks N] [--services N] [--minutes N] [--lost-per-minute PER-THOUSAND]";

    private const int BatchActions = 2_000;

    public static int Run(string[] args, TextWriter output)
    {
        var nodes = (int)SwarmCommand.Number(args, "--nodes", 10_000);
        var tasks = SwarmCommand.Number(args, "--tasks", 200_000);
        var services = SwarmCommand.Number(args, "--services", 1_000);
        var minutes = (long)SwarmCommand.Number(args, "--minutes", 60);
        var lost = (int)SwarmCommand.Number(args, "--lost-per-minute", 10);
        var watch = Stopwatch.StartNew();
        var options = new WorldOptions
        {
            CommitMinUs = 5_000, CommitMaxUs = 20_000, NetworkMinUs = 500, NetworkMaxUs = 20_000,
        };
        var world = new World(1, null, options, Checkers);
        try
        {
            Build(world, nodes, services, tasks / services);
            Say(world, watch, output, "built");
            if (lost > 0)
                Lose(world, 60 * Timeline.UsPerSecond / Math.Max(1, nodes * lost / 1000));
            for (var minute = 1L; minute <= minutes; minute++)
            {
                world.Time.RunTo(world.Time.NowUs + (60 * Timeline.UsPerSecond));
                if (minute % 5 == 0 || minutes < 5)
                    Say(world, watch, output, $"minute {minute}");
            }
            s_ended = true;
            world.Time.RunTo(world.Time.NowUs + (130 * Timeline.UsPerSecond));
            Say(world, watch, output, "calm");
        }
        catch (ViolationException e)
        {
            output.WriteLine(e.Message);
            return 1;
        }
        var missing = world.State.Services.Values
            .Count(s => (ulong)world.State.RunningTasks(s.Id) != s.Spec.Replicas());
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{nodes} nodes, {tasks} tasks, {world.Coverage.Of("power cut")} nodes lost, {missing} services not whole; "
            + $"{watch.Elapsed.TotalSeconds:f0} s, {Peak() >> 20} MiB at most"));
        return missing == 0 ? 0 : 1;
    }

    [ThreadStatic]
    private static bool s_ended;

    private static List<Checker> Checkers(World world) =>
    [
        new I02Transitions(world), new I03Identity(world), new I06OneWanted(world), new I07OneContainer(world),
        new I15Placement(world),
    ];

    private static void Build(World world, int nodes, ulong services, ulong replicas)
    {
        world.Elect();
        world.Ask(new StoreAction.SetCluster(SwarmRunner.Cluster()));
        foreach (var batch in Enumerable.Range(0, nodes).Chunk(BatchActions))
            world.Log.Propose(world.Leader!, Origin.User, [.. batch.Select(Node)], static _ => { });
        for (var i = 0; i < nodes; i++)
        {
            var worker = world.AddNode(new NodeId($"n{i:d5}"), Description(i));
            world.Time.After((2_000 + world.Dice.Below(5_000)) * Timeline.UsPerMs, worker.StartDaemon);
        }
        world.Time.RunTo(15 * Timeline.UsPerSecond);
        for (var i = 0UL; i < services; i++)
        {
            var spec = new ServiceSpec
            {
                Name = $"s{i:d4}",
                Replicated = new ReplicatedMode { Replicas = replicas },
                Task = new TaskSpec
                {
                    Container = new ContainerSpec { Image = "ok:1" },
                    Reservations = new Resources { MemoryBytes = 64 << 20 },
                },
            };
            var id = new ServiceId(spec.Name);
            world.Time.After(
                (long)i * 20 * Timeline.UsPerMs, () => world.Ask(new StoreAction.CreateService(id, spec)));
        }
        world.Time.RunTo(world.Time.NowUs + ((long)services * 20 * Timeline.UsPerMs) + (20 * Timeline.UsPerSecond));
    }

    /// <summary>One node after the other loses its power and has it back a minute later.</summary>
    private static void Lose(World world, long everyUs)
    {
        var ids = world.Workers.Keys.ToList();
        void Next()
        {
            if (s_ended)
                return;
            var worker = world.Workers[world.Dice.Pick(ids)];
            if (worker.IsUp)
            {
                world.Coverage.Count("power cut");
                worker.LosePower();
                world.Time.After(60 * Timeline.UsPerSecond, worker.StartDaemon);
            }
            world.Time.After(everyUs, Next);
        }
        s_ended = false;
        Next();
    }

    private static StoreAction Node(int number)
    {
        var spec = new NodeSpec();
        spec.Labels["zone"] = $"z{number % 5}";
        return new StoreAction.CreateNode(new NodeRecord
        {
            Id = new NodeId($"n{number:d5}"), CreatedAt = default, Spec = spec, Role = NodeRole.Worker,
        });
    }

    private static NodeDescription Description(int number) => new()
    {
        Hostname = $"host{number}",
        Platform = new Platform { Os = "linux", Architecture = "x86_64" },
        Resources = new Resources { NanoCpus = 16_000_000_000, MemoryBytes = 32L << 30 },
    };

    private static void Say(World world, Stopwatch watch, TextWriter output, string what)
    {
        var running = world.State.Services.Keys.Sum(world.State.RunningTasks);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {watch.Elapsed.TotalSeconds:f0} s, {world.Time.NowUs / Timeline.UsPerSecond} s simulated, "
            + $"{running} run, {world.State.Tasks.Count} stored, {world.Log.Entries} entries, "
            + $"{world.Log.Bytes >> 20} MiB of log, {Peak() >> 20} MiB"));
        output.Flush();
    }

    private static long Peak()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }
}
