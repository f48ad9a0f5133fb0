using System.Diagnostics;
using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Torture.Containers;

/// <summary>Starts and stops of containers in all their forms; afterwards everything is counted again.</summary>
internal static class Leaks
{
    private const int DefaultCycles = 1000;
    private const int HostPort = 18080;
    private const int Forms = 6;

    internal static async Task<bool> RunAsync(Lab lab, Options options, Summary summary)
    {
        var host = options.HostIn(lab);
        await using var client = new NodeClient(lab, host);
        var faults = new Faults();
        // The first ones make what stays: the image, compiled code, connections, directories that are kept.
        await RoundAsync(client, 0, options.Containers).ConfigureAwait(false);
        await Task.Delay(TimeSpan.FromSeconds(2)).ConfigureAwait(false);
        var (before, rssBefore) = (await Counters.ReadAsync(lab, host).ConfigureAwait(false), Rss(lab, host));
        var (done, clock) = (0, Stopwatch.StartNew());
        for (var round = 1; done < (options.Cycles ?? DefaultCycles); round++)
        {
            done += await RoundAsync(client, round, options.Containers).ConfigureAwait(false);
            Summary.Progress($"{done} started and stopped");
        }

        var took = clock.Elapsed;
        foreach (var (name, was, now) in await before.UntilBackAsync(lab, host).ConfigureAwait(false))
            faults.Add($"{name}: {was} before, {now} after");
        foreach (var (name, count) in before.Counts)
            summary.Row(name, $"{count}");
        summary.Row("starts and stops", string.Create(
            CultureInfo.InvariantCulture, $"{done} in {took.TotalSeconds:0} s, {options.Containers} at a time"));
        summary.Row("memory of the daemon", $"{rssBefore} MB before, {Rss(lab, host)} MB after");
        faults.Tell(summary);
        return faults.Count == 0;
    }

    /// <summary>One service of each form at a time; gives the number of its containers.</summary>
    private static async Task<int> RoundAsync(NodeClient client, int round, int count)
    {
        var form = round % Forms;
        var once = form is 1 or 5;
        var replicas = form == 4 ? 1 : count;
        var id = await client.CreateAsync(Form(form, $"leaks-{round}", replicas)).ConfigureAwait(false);
        if (once)
        {
            await NodeClient.UntilAsync("all have ended", async () =>
                (await client.TasksAsync(id).ConfigureAwait(false)).Count(t => t.Status.HasExitCode) == replicas)
                .ConfigureAwait(false);
        }
        else
        {
            await client.RunningAsync(id, replicas).ConfigureAwait(false);
        }

        await client.RemoveAsync(id).ConfigureAwait(false);
        await client.NothingLeftAsync().ConfigureAwait(false);
        return replicas;
    }

    private static ServiceSpec Form(int form, string name, int replicas)
    {
        var spec = form switch
        {
            1 => Programs.Ending(name, 1, 3),
            5 => Programs.Eating(name, 1),
            _ => Programs.Replaced(name, replicas),
        };
        spec.Replicated.Replicas = (ulong)replicas;
        var container = spec.Task.Container;
        switch (form)
        {
            case 2:
                container.Mounts.Add(new Mount { Type = Mount.Types.Type.Volume, Target = "/scratch" });
                container.Mounts.Add(new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/fast" });
                break;
            case 3:
                container.Health = new HealthCheck
                {
                    Test = { "CMD", "true" }, IntervalNs = 300_000_000, StartIntervalNs = 100_000_000,
                    StartPeriodNs = 5_000_000_000,
                };
                break;
            case 4:
                spec.Endpoint = new EndpointSpec
                {
                    Ports =
                    {
                        new PortConfig
                        {
                            TargetPort = 80, PublishedPort = HostPort, Protocol = PortConfig.Types.Protocol.Tcp,
                            PublishMode = PortConfig.Types.PublishMode.Host,
                        },
                    },
                };
                break;
            default:
                break;
        }

        return spec;
    }

    private static long Rss(Lab lab, string host)
    {
        var line = File.ReadLines($"/proc/{lab.DaemonPid(host)}/status")
            .First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
        var kilobytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024;
    }
}
