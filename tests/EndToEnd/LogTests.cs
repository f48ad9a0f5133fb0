using System.Diagnostics;
using System.Globalization;

namespace Swarm.EndToEnd;

/// <summary>Logs of a whole service from any manager, in order, also while it grows and while a node is away.</summary>
[Collection(LabCollection.Name)]
public sealed class LogTests : IDisposable
{
    private const int Lines = 20;
    private const int ConvergeSeconds = 60;
    private readonly Lab lab;

    public LogTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
        lab.Create(
            "talk", "--replicas", "5", "--replicas-max-per-node", "2", $"{Lab.Image}:1", "sh", "-c",
            $"i=0; while [ $i -lt {Lines} ]; do echo line $i; i=$((i+1)); sleep 0.05; done; exec sleep 600").Expect();
        Wait.Until("all have said all", ConvergeSeconds, () => Log().Lines.Length == 5 * Lines, () => Log().Text);
    }

    public void Dispose() => lab.Ctl("n1", "service", "rm", "talk");

    [Fact]
    public void They_are_merged_by_time_cut_as_asked_and_a_node_that_is_away_is_a_warning()
    {
        var all = Log("-t").Expect();
        var times = all.Lines.Select(l => DateTimeOffset.Parse(l.Split(' ')[0], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(times.Order(), times);
        Assert.Equal(5, all.Lines.Select(l => l.Split(' ')[1]).Distinct().Count());
        Assert.Matches(@"^\S+Z talk\.\d\.[a-z0-9]{12}@n\d    \| line 0$", all.Lines[0]);
        Assert.Equal(["line 19"], Log("--tail", "1", "--raw").Expect().Lines.Distinct());
        Assert.Equal(5, Log("--tail", "1", "--raw").Lines.Length);
        var since = all.Lines[50].Split(' ')[0];
        Assert.Equal(all.Lines[50..], Log("-t", "--since", since).Expect().Lines);
        var task = lab.Running("n1", "talk").First(t => t.Node == "n4");
        Assert.Equal(Lines, lab.Ctl("n3", "service", "logs", task.Id).Expect().Lines.Length);

        var soon = DateTimeOffset.UtcNow.AddSeconds(1).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        Assert.Equal(Lines, lab.Ctl("n4", "logs", "-f", "--until", soon, task.Id).Expect().Lines.Length);

        using var patience = lab.WaitLongForNodes();
        lab.Run("kill", "n4").Expect();
        var rest = Log();
        Assert.Equal(0, rest.ExitCode);
        Assert.Contains("node n4 is not available: its logs are missing", rest.Errors, StringComparison.Ordinal);
        Assert.NotEmpty(rest.Lines);
        Assert.DoesNotContain(rest.Lines, l => l.Contains("@n4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_follows_sees_new_tasks_and_a_service_that_keeps_none_says_so()
    {
        using var following = Process.Start(new ProcessStartInfo(
            Path.Combine(Repository.Root, "lab"), ["ctl", "n2", "service", "logs", "-f", "--tail", "2", "talk"])
        {
            RedirectStandardOutput = true,
        })!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(ConvergeSeconds));
        var seen = new List<string>();
        async Task ReadAsync(int count)
        {
            while (seen.Count < count && await following.StandardOutput.ReadLineAsync(patience.Token) is { } line)
                seen.Add(line);
        }

        try
        {
            await ReadAsync(5 * 2);
            lab.Ctl("n1", "service", "scale", "--detach", "talk=6").Expect();
            await ReadAsync((5 * 2) + Lines);
        }
        finally
        {
            following.Kill(entireProcessTree: true);
        }

        Assert.Equal((5 * 2) + Lines, seen.Count);
        Assert.Equal(
            Enumerable.Range(0, Lines).Select(i => $"line {i}"),
            seen.Where(l => l.StartsWith("talk.6.", StringComparison.Ordinal)).Select(l => l.Split("| ")[1]));

        lab.Create("mute", "--log-driver", "none", $"{Lab.Image}:1").Expect();
        var refused = lab.Ctl("n2", "service", "logs", "mute");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(
            "service mute keeps no logs: its log driver is 'none'", refused.Errors, StringComparison.Ordinal);
        lab.Ctl("n1", "service", "rm", "mute").Expect();
    }

    [Fact]
    public async Task Who_follows_misses_nothing_and_reads_nothing_twice_when_the_leader_is_killed()
    {
        const int Before = 20;
        const int After = 80;
        lab.Create(
            "count", "--constraint", "node.hostname==n5", "--container-label", "tier=web", "--log-opt", "labels=tier",
            $"{Lab.Image}:1", "sh", "-c", "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.05; done").Expect();
        var leader = lab.Leader("n1");
        var other = Lab.Managers.First(m => m != leader);
        using var following = Process.Start(new ProcessStartInfo(
            Path.Combine(Repository.Root, "lab"),
            ["ctl", other, "service", "logs", "-f", "--raw", "--details", "count"])
        {
            RedirectStandardOutput = true,
        })!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(ConvergeSeconds));
        var seen = new List<string>();
        try
        {
            while (seen.Count < Before + After
                && await following.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                seen.Add(line);
                if (seen.Count == Before)
                    lab.Run("kill", leader).Expect();
            }
        }
        finally
        {
            following.Kill(entireProcessTree: true);
            lab.Run("start", leader).Expect();
            lab.Ctl(other, "service", "rm", "count");
        }

        Assert.All(seen, l => Assert.Contains(",tier=web line ", l, StringComparison.Ordinal));
        Assert.Equal(
            Enumerable.Range(0, Before + After).Select(i => $"line {i}"),
            seen.Select(l => l[l.IndexOf("line ", StringComparison.Ordinal)..]));
    }

    private CommandResult Log(params string[] flags) => lab.Ctl("n2", ["service", "logs", .. flags, "talk"]);
}
