using System.Diagnostics;
using System.Globalization;

namespace Swarm.Torture.Containers;

/// <summary>
/// kill -9 of the daemon of a swarm of one node while containers are made, started, stopped and end by themselves.
/// What goes on must be the same processes, what ended meanwhile must have its exit code, no log may have a gap.
/// </summary>
internal sealed class RuntimeKill
{
    private const int DefaultRounds = 200;
    private const int MaxWorkMs = 1200;
    private const int MaxDownMs = 1500;
    private const int MaxStartMs = 600;
    private readonly Lab _lab;
    private readonly string _host;
    private readonly Random _random;
    private readonly Faults _faults = new();
    private readonly List<double> _adopted = [];
    private int _kills;

    private RuntimeKill(Lab lab, string host, int seed) => (_lab, _host, _random) = (lab, host, new Random(seed));

    internal static async Task<bool> RunAsync(Lab lab, Options options, Summary summary)
    {
        var host = lab.Hosts.Count == 1 || options.Host.Length > 0
            ? options.HostIn(lab)
            : throw new InvalidOperationException(
                "runtime-kill needs a lab of one host (./lab up --managers 1 --workers 0), or --host with the name of "
                + "a manager in a swarm that waits long for its nodes");
        await using var client = new NodeClient(lab, host);
        var run = new RuntimeKill(lab, host, options.Seed);
        await run.RunAsync(client, options, summary).ConfigureAwait(false);
        run._faults.Tell(summary);
        return run._faults.Count == 0;
    }

    private async Task RunAsync(NodeClient client, Options options, Summary summary)
    {
        await FirstOneAsync(client).ConfigureAwait(false);
        var before = await Counters.ReadAsync(_lab, _host).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        // A fifth is replaced in every round, a quarter ends by itself; the others have to go on.
        var replaced = await ReplacedTasks.CreateAsync(client, options.Containers / 5).ConfigureAwait(false);
        var ending = new EndingTasks(client, _random);
        var endings = options.Containers / 4;
        var steady = await SteadyTasks.CreateAsync(
            _lab, _host, client, options.Containers - replaced.Count - endings).ConfigureAwait(false);
        var rounds = options.Rounds ?? DefaultRounds;
        for (var round = 1; round <= rounds; round++)
        {
            var work = WorkAsync(ending.Draw(endings), replaced, round);
            await Task.Delay(_random.Next(MaxWorkMs)).ConfigureAwait(false);
            await KillAndStartAsync(steady).ConfigureAwait(false);
            await work.ConfigureAwait(false);
            await steady.CheckAsync(_faults, _random).ConfigureAwait(false);
            await replaced.CheckAsync(round, _faults).ConfigureAwait(false);
            await ending.CheckAsync(_faults).ConfigureAwait(false);
            Summary.Progress($"round {round} of {rounds}: adopted after {_adopted[^1]:0.00} s, {_faults.Count} wrong");
        }

        await LastEndingsAsync(ending).ConfigureAwait(false);
        var lines = await steady.CheckLogsAsync(_faults).ConfigureAwait(false);
        Tell(summary, clock.Elapsed, (steady, replaced, ending), lines);
        await steady.RemoveAsync().ConfigureAwait(false);
        await replaced.RemoveAsync().ConfigureAwait(false);
        await ending.RemoveAsync().ConfigureAwait(false);
        await CheckLeftoversAsync(before).ConfigureAwait(false);
    }

    /// <summary>It makes the directories that stay.</summary>
    private static async Task FirstOneAsync(NodeClient client)
    {
        var first = await ReplacedTasks.CreateAsync(client, 1).ConfigureAwait(false);
        await first.RemoveAsync().ConfigureAwait(false);
        await client.NothingLeftAsync().ConfigureAwait(false);
    }

    private static async Task WorkAsync(Func<Task> endings, ReplacedTasks replaced, int round)
    {
        await replaced.UpdateAsync(round).ConfigureAwait(false);
        await endings().ConfigureAwait(false);
    }

    /// <summary>Some starts are cut short by one more kill.</summary>
    private async Task KillAndStartAsync(SteadyTasks steady)
    {
        _lab.Kill(_host);
        _kills++;
        await Task.Delay(_random.Next(MaxDownMs)).ConfigureAwait(false);
        if (_random.Next(4) == 0)
        {
            var start = Task.Run(() => _lab.Start(_host));
            await Task.Delay(_random.Next(MaxStartMs)).ConfigureAwait(false);
            _lab.Kill(_host);
            _kills++;
            // It says that the daemon did not come up.
            await start.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _lab.Kill(_host);
        }

        var clock = Stopwatch.StartNew();
        _lab.Start(_host);
        await NodeClient.UntilAsync("all containers are adopted", steady.AreAdoptedAsync).ConfigureAwait(false);
        _adopted.Add(clock.Elapsed.TotalSeconds);
    }

    private async Task LastEndingsAsync(EndingTasks ending) => await NodeClient.UntilAsync("all have ended", async () =>
    {
        await ending.CheckAsync(_faults).ConfigureAwait(false);
        return ending.Open == 0;
    }).ConfigureAwait(false);

    private async Task CheckLeftoversAsync(Counters before)
    {
        foreach (var (name, was, now) in await before.UntilBackAsync(_lab, _host).ConfigureAwait(false))
        {
            if (name != Counters.Descriptors)
                _faults.Add($"{name}: {was} before, {now} after");
        }
    }

    private void Tell(
        Summary summary, TimeSpan took, (SteadyTasks Steady, ReplacedTasks Replaced, EndingTasks Ending) all,
        long lines)
    {
        _adopted.Sort();
        summary.Row("kills", $"{_kills} in {took.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s");
        summary.Row("steady containers", $"{all.Steady.Count}, {lines} lines of log read at the end");
        summary.Row("replaced", $"{all.Replaced.Checked}, {all.Replaced.StoppedBySignal} of them by their signal");
        summary.Row("ended by themselves", $"{all.Ending.Checked}, {all.Ending.OutOfMemory} of them out of memory");
        summary.Row(
            "start to all adopted",
            $"median {_adopted[_adopted.Count / 2]:0.00} s, most {_adopted[^1]:0.00} s (./lab start included)");
        summary.Row("wrong", $"{_faults.Count}");
    }
}
