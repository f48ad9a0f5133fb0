using System.Diagnostics;
using Swarm.Histories;

namespace Swarm.Torture;

/// <summary>What is done to the managers while clients work.</summary>
internal interface INemesis
{
    int Rounds { get; }

    /// <summary>Does harm and undoes it. Says in a few words what it was.</summary>
    Task<string> RoundAsync(Managers managers);
}

/// <summary>Clients and harm, then everything read again and the history judged.</summary>
internal static class HistoryRun
{
    private const int MaxShown = 10;
    private const int FinalReaders = 9000;
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(60);

    internal static async Task<bool> RunAsync(Lab lab, Options options, Summary summary, INemesis nemesis)
    {
        await using var managers = await Managers.ConnectAsync(lab).ConfigureAwait(false);
        await managers.SettledAsync(Whole).ConfigureAwait(false);
        var history = new History();
        var registers = await Registers.CreateAsync(managers, history, options.Keys).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        var harm = new Dictionary<string, int>();
        var load = new Load(registers, managers, options);
        await using (load.ConfigureAwait(false))
        {
            for (var round = 1; round <= nemesis.Rounds; round++)
            {
                var what = await nemesis.RoundAsync(managers).ConfigureAwait(false);
                harm[what] = harm.GetValueOrDefault(what) + 1;
                await managers.SettledAsync(Whole).ConfigureAwait(false);
                load.ThrowIfBroken();
                Summary.Progress($"round {round} of {nemesis.Rounds}: {what}");
            }
        }

        var took = clock.Elapsed;
        await managers.SettledAsync(Whole).ConfigureAwait(false);
        var last = await FinalReadsAsync(managers, registers).ConfigureAwait(false);
        if (options.HistoryFile.Length > 0)
            history.WriteTo(options.HistoryFile);
        summary.Row("harm", string.Join(", ", harm.OrderBy(h => h.Key).Select(h => $"{h.Value} × {h.Key}")));
        Count(summary, history, took);
        var holds = Judge(summary, history.Operations, last);
        await registers.RemoveAsync().ConfigureAwait(false);
        return holds;
    }

    /// <summary>Every key at every manager; these reads are in the history too.</summary>
    private static async Task<Dictionary<string, string>> FinalReadsAsync(Managers managers, Registers registers)
    {
        var last = new Dictionary<string, string>();
        foreach (var (host, n) in managers.Hosts.Select((h, n) => (h, n)))
        {
            for (var key = 0; key < registers.Count; key++)
            {
                var seen = await registers.ReadAsync(FinalReaders + n, host, key, default).ConfigureAwait(false)
                    ?? throw new InvalidOperationException($"{host} does not answer after the end of all harm");
                last[Registers.Name(key)] = seen.Value;
            }
        }

        return last;
    }

    private static void Count(Summary summary, History history, TimeSpan took)
    {
        var done = history.Count(OperationKind.CompareAndSet, OperationOutcome.Known);
        summary.Row(
            "writes",
            $"{done} acknowledged, {history.Count(OperationKind.CompareAndSet, OperationOutcome.NotDone)} not done, "
            + $"{history.Count(OperationKind.CompareAndSet, OperationOutcome.Unknown)} unknown");
        summary.Row("reads", $"{history.Count(OperationKind.Read, OperationOutcome.Known)}");
        summary.Row(
            "time", $"{took.TotalSeconds:0} s, {done / took.TotalSeconds:0} acknowledged writes/s, outages included");
    }

    private static bool Judge(
        Summary summary, IReadOnlyList<Operation> history, IReadOnlyDictionary<string, string> last)
    {
        var lost = Chain.LostWrites(history, last);
        summary.Row("acknowledged writes lost", $"{lost.Count}");
        foreach (var line in lost.Take(MaxShown))
            summary.Note(line);
        var verdict = HistoryChecker.Check(history);
        summary.Row("linearizable", verdict switch
        {
            Verdict.Ok ok => $"yes: {ok.Operations} operations on {ok.Keys} keys",
            Verdict.Undecided left => $"not decided: key {left.Key} after {left.Steps} steps",
            _ => "NO",
        });
        if (verdict is Verdict.Violation broken)
            summary.Note(broken.Explanation);
        return lost.Count == 0 && verdict is Verdict.Ok;
    }
}
