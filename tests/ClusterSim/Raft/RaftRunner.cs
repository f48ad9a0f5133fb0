using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>What came of one seed.</summary>
internal sealed record SeedResult(
    ulong Seed, string Scenario, ViolationException? Violation, ulong TraceHash, long SimulatedMs, Coverage Coverage);

/// <summary>Runs seeds.</summary>
internal static class RaftRunner
{
    public static SeedResult Run(ulong seed, TextWriter? lines = null, Rule broken = Rule.None, string? only = null)
    {
        Planted.Broken = broken;
        try
        {
            var world = new World(seed, new Trace(lines), dice => Scenarios.Draw(dice, only));
            var violation = world.Run();
            world.Coverage.Count($"scenario {world.Scenario.Name}");
            return new(
                seed, world.Scenario.Name, violation, world.Trace.Hash, world.Timeline.NowUs / Timeline.UsPerMs,
                world.Coverage);
        }
        finally
        {
            Planted.Broken = Rule.None;
        }
    }

    /// <summary>One number for the traces of many seeds.</summary>
    public static ulong HashOf(ulong first, ulong seeds)
    {
        var all = new Trace(null);
        for (var seed = first; seed < first + seeds; seed++)
            all.Add((long)seed, 'S', Run(seed).TraceHash);
        return all.Hash;
    }

    /// <summary>The first seed that finds a planted bug, or null.</summary>
    public static SeedResult? Find(Rule rule, ulong seeds, ulong first = 1, string? only = null)
    {
        for (var seed = first; seed < first + seeds; seed++)
        {
            if (Run(seed, null, rule, only) is { Violation: not null } found)
                return found;
        }
        return null;
    }
}
