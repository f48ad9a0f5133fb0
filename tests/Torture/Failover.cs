using System.Diagnostics;
using Swarm.Histories;

namespace Swarm.Torture;

/// <summary>From the SIGKILL of the leader to the first write that another manager acknowledges.</summary>
internal static class Failover
{
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    internal static async Task<bool> RunAsync(Lab lab, Options options, Summary summary)
    {
        await using var managers = await Managers.ConnectAsync(lab).ConfigureAwait(false);
        await managers.SettledAsync(Whole).ConfigureAwait(false);
        var registers = await Registers.CreateAsync(managers, new History(), managers.Hosts.Count)
            .ConfigureAwait(false);
        var random = new Random(options.Seed);
        var took = new List<double>();
        for (var kill = 1; kill <= options.Kills; kill++)
        {
            var leader = (await managers.SettledAsync(Whole).ConfigureAwait(false)).Host;
            // At no fixed distance from the last heartbeat.
            await Task.Delay(random.Next(300, 600)).ConfigureAwait(false);
            took.Add(await MeasureAsync(lab, managers, registers, leader).ConfigureAwait(false));
            lab.Start(leader);
            Summary.Progress($"kill {kill} of {options.Kills}: {took[^1]:0} ms");
        }

        await managers.SettledAsync(Whole).ConfigureAwait(false);
        await registers.RemoveAsync().ConfigureAwait(false);
        took.Sort();
        var p99 = Quantiles.Of(took, 0.99);
        summary.Row(
            "leader kill to first accepted write",
            $"median {Quantiles.Of(took, 0.5):0} ms, p90 {Quantiles.Of(took, 0.9):0} ms, p99 {p99:0} ms, "
            + $"{took[0]:0} to {took[^1]:0} ms over {took.Count} kills");
        return p99 <= options.MaxP99Ms;
    }

    private static async Task<double> MeasureAsync(Lab lab, Managers managers, Registers registers, string leader)
    {
        using var done = new CancellationTokenSource(Longest);
        var pid = lab.DaemonPid(leader);
        var clock = Stopwatch.StartNew();
        Native.Signal(pid, Native.SigKill);
        var clients = managers.Hosts.Select((host, key) => (host, key)).Where(c => c.host != leader)
            .Select(c => FirstWriteAsync(registers, c.host, c.key, clock, done.Token)).ToList();
        var first = await await Task.WhenAny(clients).ConfigureAwait(false);
        await done.CancelAsync().ConfigureAwait(false);
        await ((Task)Task.WhenAll(clients)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return first;
    }

    private static async Task<double> FirstWriteAsync(
        Registers registers, string host, int key, Stopwatch clock, CancellationToken ct)
    {
        for (var number = 0; ; number++)
        {
            ct.ThrowIfCancellationRequested();
            var seen = await registers.ReadAsync(key, host, key, ct).ConfigureAwait(false);
            var outcome = seen is null ? OperationOutcome.NotDone : await registers.SetAsync(
                key, [host], key, seen, $"{clock.Elapsed.TotalMilliseconds}-{number}", ct).ConfigureAwait(false);
            if (outcome == OperationOutcome.Known)
                return clock.Elapsed.TotalMilliseconds;
            await Task.Delay(2, ct).ConfigureAwait(false);
        }
    }
}
