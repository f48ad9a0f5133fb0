using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;
using Usage = Swarm.Protocol.V1.ContainerStats;

namespace Swarm.Ctl.Verbs;

/// <summary>`container stats`</summary>
internal static class ContainerStatsVerb
{
    /// <summary>Between two looks; processors are counted over it.</summary>
    private const int PeriodMs = 1000;

    private const string ClearScreen = "\x1b[2J\x1b[H";

    private static readonly Column[] Columns =
    [
        new("CONTAINER ID", "ID"), new("NAME", "Name"), new("CPU %", "CPUPerc"), new("MEM USAGE / LIMIT", "MemUsage"),
        new("MEM %", "MemPerc"), new("NET I/O", "NetIO"), new("BLOCK I/O", "BlockIO"), new("PIDS", "PIDs"),
    ];

    internal static Command Build()
    {
        var names = VerbParts.Several("CONTAINER", ArgumentArity.ZeroOrMore);
        var all = new Option<bool>("--all", "-a") { Description = "Show all containers (default shows just running)" };
        var (format, noTrunc) = (VerbParts.Format(), VerbParts.NoTrunc());
        var noStream = new Option<bool>("--no-stream") { Description = "Only the first result" };
        var command = new Command("stats", "Display what containers use") { names, all, format, noStream, noTrunc };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var before = await LookAsync(ctl, parsed.GetValue(names) ?? [], parsed.GetValue(all), ct)
                .ConfigureAwait(false);
            while (true)
            {
                await Task.Delay(PeriodMs, ct).ConfigureAwait(false);
                var now = await LookAsync(ctl, parsed.GetValue(names) ?? [], parsed.GetValue(all), ct)
                    .ConfigureAwait(false);
                if (!parsed.GetValue(noStream) && ctl.IsTerminal)
                {
                    ctl.Out.Write(ClearScreen);
                }

                var rows = now.Stats.Select(s => Row(
                    s, before.Stats.FirstOrDefault(b => b.Id == s.Id), now.HostMemoryBytes, parsed.GetValue(noTrunc)));
                Listing.Print(ctl, Columns, [.. rows], parsed.GetValue(format), null);
                ctl.Out.Flush();
                if (parsed.GetValue(noStream))
                {
                    return ExitCode.Done;
                }

                before = now;
            }
        });
    }

    private static async Task<StatContainersResponse> LookAsync(
        Cli.Ctl ctl, string[] names, bool all, CancellationToken ct)
    {
        var request = new StatContainersRequest();
        request.Containers.Add(names.Length > 0 || !all
            ? names
            : (await ContainerParts.ListAsync(ctl, all: true, ct).ConfigureAwait(false)).Select(c => c.Id));
        return await ctl.LocalAsync<StatContainersRequest, StatContainersResponse>("StatContainers", request, ct)
            .ConfigureAwait(false);
    }

    /// <summary>The processors' share is of one processor, as docker counts: 200 % are two.</summary>
    internal static JsonObject Row(Usage now, Usage? before, ulong hostMemory, bool whole)
    {
        var limit = now.MemoryLimitBytes > 0 ? Math.Min(now.MemoryLimitBytes, hostMemory) : hostMemory;
        var time = before is { AtNs: > 0 } && now.AtNs > before.AtNs ? now.AtNs - before.AtNs : 0;
        var cpu = time > 0 && now.CpuNs >= before!.CpuNs ? 100.0 * (now.CpuNs - before.CpuNs) / time : 0;
        var runs = now.AtNs > 0;
        return new JsonObject
        {
            ["BlockIO"] = Pair(runs, ImageParts.Size(now.ReadBytes), ImageParts.Size(now.WrittenBytes)),
            ["CPUPerc"] = runs ? Percent(cpu) : "--",
            ["Container"] = whole ? now.Id : VerbParts.ShortId(now.Id),
            ["ID"] = whole ? now.Id : VerbParts.ShortId(now.Id),
            ["MemPerc"] = runs && limit > 0 ? Percent(100.0 * now.MemoryBytes / limit) : "--",
            ["MemUsage"] = Pair(runs, Spans.Bytes((long)now.MemoryBytes), Spans.Bytes((long)limit)),
            ["Name"] = now.Name,
            ["NetIO"] = Pair(runs, ImageParts.Size(now.ReceivedBytes), ImageParts.Size(now.SentBytes)),
            ["PIDs"] = runs ? now.Pids.ToString(CultureInfo.InvariantCulture) : "--",
        };
    }

    private static string Pair(bool runs, string a, string b) => runs ? $"{a} / {b}" : "-- / --";

    private static string Percent(double value) => value.ToString("0.00", CultureInfo.InvariantCulture) + "%";
}
