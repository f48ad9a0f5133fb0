using System.Diagnostics;

namespace Swarm.Torture;

/// <summary>
/// Every core of the machine is busy with other processes of equal priority while clients write: the leader stays.
/// </summary>
internal static class BusyCores
{
    private const int PollMs = 200;
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(60);

    internal static async Task<bool> RunAsync(Lab lab, Options options, Summary summary)
    {
        await using var managers = await Managers.ConnectAsync(lab).ConfigureAwait(false);
        var before = await managers.SettledAsync(Whole).ConfigureAwait(false);
        var history = new History();
        var registers = await Registers.CreateAsync(managers, history, options.Keys).ConfigureAwait(false);
        var busy = new List<Process>();
        var highest = before.Term;
        try
        {
            await using var load = new Load(registers, managers, options).ConfigureAwait(false);
            for (var core = 0; core < Environment.ProcessorCount * options.LoadPerCore; core++)
                busy.Add(Process.Start("taskset", Spin(core % Environment.ProcessorCount)));
            highest = await HighestTermAsync(managers, before.Term, options.Seconds).ConfigureAwait(false);
        }
        finally
        {
            foreach (var process in busy)
            {
                process.Kill();
                process.Dispose();
            }
        }

        var after = await managers.SettledAsync(Whole).ConfigureAwait(false);
        await registers.RemoveAsync().ConfigureAwait(false);
        summary.Row("busy processes", $"{busy.Count} for {options.Seconds} s on {Environment.ProcessorCount} cores");
        summary.Row(
            "writes", $"{history.Count(Histories.OperationKind.CompareAndSet, Histories.OperationOutcome.Known)} done");
        summary.Row("leader", before == after ? $"{before.Host} all the time" : $"{before.Host}, then {after.Host}");
        summary.Row("term", $"{before.Term} before, {after.Term} after, {highest} at most");
        return before == after && highest == before.Term;
    }

    private static string[] Spin(int core) => ["-c", $"{core}", "sh", "-c", "while :; do :; done"];

    private static async Task<ulong> HighestTermAsync(Managers managers, ulong term, int seconds)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            foreach (var host in managers.Hosts)
            {
                var raft = (await managers.InfoAsync(host).ConfigureAwait(false)).Raft;
                if (raft.Term > term)
                {
                    Summary.Progress($"after {clock.Elapsed.TotalSeconds:0.0} s {host} is in term {raft.Term}");
                    term = raft.Term;
                }
            }

            await Task.Delay(PollMs).ConfigureAwait(false);
        }

        return term;
    }
}
