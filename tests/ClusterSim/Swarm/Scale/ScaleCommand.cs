using System.Diagnostics;
using System.Globalization;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A large cluster for an hour, with bounds for the time that it takes and the memory.</summary>
internal static class ScaleCommand
{
    public const string Usage =
        "       ClusterSim scale [--nodes N] [--tasks N] [--services N] [--minutes N] [--lost-per-minute PER-THOUSAND] "
        + "[--seed S] [--max-seconds N] [--max-mib N]";

    private const ulong MaxSeconds = 300;
    private const ulong MaxMebibytes = 4_096;
    private const int SayEveryMinutes = 5;

    public static int Run(string[] args, TextWriter output)
    {
        var watch = Stopwatch.StartNew();
        var size = new ScaleSize(
            (int)SwarmCommand.Number(args, "--nodes", 10_000),
            SwarmCommand.Number(args, "--services", 1_000),
            SwarmCommand.Number(args, "--tasks", 200_000),
            (int)SwarmCommand.Number(args, "--lost-per-minute", 10));
        var run = new ScaleRun(size, SwarmCommand.Number(args, "--seed", 1));
        var minutes = (long)SwarmCommand.Number(args, "--minutes", 60);
        try
        {
            run.Build();
            Say(run, watch, output, "built");
            for (var minute = 1L; minute <= minutes; minute++)
            {
                run.Minute();
                if (minute % SayEveryMinutes == 0 || minutes < SayEveryMinutes)
                    Say(run, watch, output, $"minute {minute}");
            }
            run.Calm();
            Say(run, watch, output, "calm");
        }
        catch (ViolationException e)
        {
            output.WriteLine(e.Message);
            return 1;
        }
        var figures = run.Figures;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{size.Nodes} nodes, {size.Tasks} tasks, {minutes} minutes: {run.Lost} nodes lost, {figures.Moved} tasks "
            + $"moved, {figures.Plans} plans, {figures.Actions} actions, {run.World.Log.Entries} entries, "
            + $"{run.Checked} slots checked, none wrong"));
        return Bounds(args, (watch.Elapsed.TotalSeconds, PeakBytes() >> 20), output);
    }

    private static int Bounds(string[] args, (double Seconds, long Mebibytes) took, TextWriter output)
    {
        var seconds = SwarmCommand.Number(args, "--max-seconds", MaxSeconds);
        var mebibytes = SwarmCommand.Number(args, "--max-mib", MaxMebibytes);
        var holds = took.Seconds <= seconds && took.Mebibytes <= (long)mebibytes;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{took.Seconds:f0} s of {seconds} ({Environment.CpuUsage.TotalTime.TotalSeconds:f0} s of processor), "
            + $"{took.Mebibytes} MiB of {mebibytes}: {Word(holds)}"));
        return holds ? 0 : 1;
    }

    private static string Word(bool holds) => holds ? "within bounds" : "BEYOND BOUNDS";

    private static void Say(ScaleRun run, Stopwatch watch, TextWriter output, string what)
    {
        var world = run.World;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {watch.Elapsed.TotalSeconds:f0} s, {world.Time.NowUs / Timeline.UsPerSecond} s simulated, "
            + $"{world.State.Tasks.Count} tasks stored, {world.Log.Entries} entries, {world.Log.Bytes >> 20} MiB of "
            + $"log, {run.Figures.Plans} plans, {run.Figures.Moved} moved, {PeakBytes() >> 20} MiB"));
        output.Flush();
    }

    private static long PeakBytes()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }
}
