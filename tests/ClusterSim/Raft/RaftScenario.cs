using System.Diagnostics;
using System.Globalization;

namespace Swarm.ClusterSim.Raft;

/// <summary>Runs seeds and says which of them break an invariant.</summary>
internal static class RaftScenario
{
    public static int Run(string[] args, TextWriter output)
    {
        var seeds = Option(args, "--seeds", 100);
        var first = Option(args, "--seed", 1);
        var trace = args.Contains("--trace");
        if (args.Contains("--seed") && !args.Contains("--seeds"))
            seeds = 1;
        var coverage = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var watch = Stopwatch.StartNew();
        var broken = 0;
        var simulatedMs = 0L;
        for (var seed = first; seed < first + seeds; seed++)
        {
            var world = new RaftWorld(seed, new Trace(trace ? output : null));
            var violation = world.Run();
            simulatedMs += world.NowMs;
            foreach (var (what, count) in world.Coverage)
                coverage[what] = coverage.GetValueOrDefault(what) + count;
            if (violation is not null)
                broken++;
            if (violation is not null || seeds == 1)
                output.WriteLine($"seed {seed}: {violation ?? "clean"}; trace {world.TraceHash:x16}");
        }
        output.WriteLine(string.Join(", ", coverage.Select(c => $"{c.Key} {c.Value}")));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds} seeds from {first}, {broken} broken; {simulatedMs / 1000} s simulated in "
            + $"{watch.Elapsed.TotalSeconds:f1} s ({simulatedMs / Math.Max(1, watch.ElapsedMilliseconds)}x)"));
        return broken == 0 ? 0 : 1;
    }

    private static ulong Option(string[] args, string name, ulong otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? ulong.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }
}
