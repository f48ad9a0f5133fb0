using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What came of a seed.</summary>
internal sealed record SwarmResult(
    ulong Seed, ViolationException? Violation, ulong TraceHash, Coverage Coverage, long SimulatedMs, long ConvergedMs,
    IReadOnlyList<Checker> Checkers);

/// <summary>One seed: a cluster comes up, is disturbed, is healed, and has to become what its specs say.</summary>
internal static class SwarmRunner
{
    private const int Nodes = 50;
    private const int Services = 20;
    private const long DisturbedFromUs = 8 * Timeline.UsPerSecond;
    private const long DisturbedToUs = 55 * Timeline.UsPerSecond;
    private const long CalmUs = 60 * Timeline.UsPerSecond;
    private const long StaysUs = 6 * Timeline.UsPerSecond;

    public static SwarmResult Run(ulong seed, TextWriter? trace = null, PlantedBug bug = PlantedBug.None)
    {
        Planted.Bug = bug;
        var world = new World(seed, trace, checkers: Checks.All);
        ViolationException? violation = null;
        var converged = 0L;
        try
        {
            converged = Live(world);
        }
        catch (ViolationException e)
        {
            violation = e;
        }
        catch (Exception e) when (e is InvariantException or InvalidOperationException or ArgumentException
            or KeyNotFoundException or NullReferenceException or InvalidDataException or OverflowException)
        {
            violation = new ViolationException("crash", e.ToString());
        }
        finally
        {
            Planted.Bug = PlantedBug.None;
        }
        return new SwarmResult(
            seed, violation, world.Trace.Hash, world.Coverage, world.Time.NowUs / Timeline.UsPerMs, converged,
            world.Checkers);
    }

    /// <summary>The first seed that breaks with the bug and not without it.</summary>
    public static SwarmResult? Find(PlantedBug bug, ulong seeds, ulong first = 1)
    {
        for (var seed = first; seed < first + seeds; seed++)
        {
            if (Run(seed, bug: bug) is { Violation: not null } found && Run(seed).Violation is null)
                return found;
        }
        return null;
    }

    private static long Live(World world)
    {
        var specs = new SpecMaker(world.Dice);
        var disturbance = new Disturbance(world, specs, DisturbedToUs);
        world.Elect();
        world.Watch();
        world.Ask(new StoreAction.SetCluster(Cluster()));
        for (var i = 0; i < Nodes; i++)
            world.Time.At(i * 20 * Timeline.UsPerMs, disturbance.CreateNode);
        for (var i = 0; i < Services; i++)
            world.Time.At((2_000 + (i * 200)) * Timeline.UsPerMs, disturbance.CreateService);
        world.Time.At(DisturbedFromUs, disturbance.Begin);
        world.Time.RunTo(DisturbedToUs);
        Heal(world, specs);
        return Converge(world);
    }

    /// <summary>Everything works again; users mend most of what they broke.</summary>
    private static void Heal(World world, SpecMaker specs)
    {
        world.Time.RunTo(DisturbedToUs + (16 * Timeline.UsPerSecond), () => world.Leader is not null
            && world.Workers.Values.All(w => w.IsReachable));
        foreach (var worker in world.Workers.Values)
        {
            worker.Link(true);
            worker.StartDaemon();
        }
        world.Log.StallUs = 0;
        world.Time.RunTo(world.Time.NowUs + Timeline.UsPerSecond);
        var ids = world.Workers.Keys.ToHashSet();
        foreach (var node in world.State.Nodes.Values.OrderBy(n => n.Id)
            .Where(n => ids.Contains(n.Id) && !world.Dice.OneIn(8)))
        {
            var spec = node.Spec.Clone();
            spec.Availability = NodeSpec.Types.Availability.Active;
            world.Ask(new StoreAction.UpdateNodeSpec(node.Id, 0, spec));
        }
        foreach (var service in world.State.Services.Values.OrderBy(s => s.Id).Where(s => !s.Removing && !s.IsJob))
        {
            if (!SimImage.Of(service.Spec).StaysUp && !world.Dice.OneIn(4))
                world.Ask(new StoreAction.UpdateServiceSpec(service.Id, 0, specs.Mended(service.Spec)));
        }
    }

    private static long Converge(World world)
    {
        var from = world.LastFaultUs;
        var since = -1L;
        string? why = null;
        for (var at = world.Time.NowUs; at < from + CalmUs; at += Timeline.UsPerSecond / 2)
        {
            world.Time.RunTo(at);
            why = Convergence.Missing(world);
            since = why is not null ? -1 : since < 0 ? at : since;
            if (since >= 0 && at - since >= StaysUs)
                break;
        }
        if (since < 0)
            throw new ViolationException(
                "L1", $"not converged {CalmUs / Timeline.UsPerSecond} s after the last fault: {why}");
        foreach (var checker in world.Checkers)
            checker.OnCalm();
        return (since - from) / Timeline.UsPerMs;
    }

    internal static ClusterRecord Cluster() => new()
    {
        Id = new ClusterId("c"),
        CreatedAt = default,
        Spec = new ClusterSpec(),
        RootCertificatePem = "",
        RootKeyPem = "",
        WorkerTokenSecret = [],
        ManagerTokenSecret = [],
        FormatVersion = StoreFormat.Newest,
    };
}
