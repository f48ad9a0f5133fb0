using System.CommandLine;
using System.Text;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`container logs`</summary>
internal static class ContainerLogs
{
    internal static Command Build()
    {
        var container = ContainerParts.Container();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until it has ended" };
        var tail = new Option<string?>("--tail", "-n") { Description = "Lines from the end (default all)" };
        var since = new Option<string?>("--since") { Description = "A time (2026-01-02T13:23:37Z) or 42m ago" };
        var until = new Option<string?>("--until") { Description = "A time, or 42m ago" };
        var timestamps = new Option<bool>("--timestamps", "-t") { Description = "Show timestamps" };
        var details = new Option<bool>("--details")
        {
            Description = "Show what --log-opt labels, env and tag ask for",
        };
        var command = new Command("logs", "Fetch the log of a container")
        {
            container, follow, tail, since, until, timestamps, details,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            long At(Option<string?> option) => parsed.GetValue(option) is { } text
                ? Moments.Ns(option.Name, text, TimeProvider.System)
                : 0;
            var request = new ContainerLogsRequest
            {
                Container = parsed.GetRequiredValue(container),
                Follow = parsed.GetValue(follow),
                Tail = parsed.GetValue(tail) is { } lines and not "all" ? (long)Units.Count("--tail", lines) : -1,
                SinceNs = At(since),
                UntilNs = At(until),
                Details = parsed.GetValue(details),
            };
            await using var call = ctl.LocalStream<ContainerLogsRequest, ContainerLogsResponse>(
                "ContainerLogs", request, ct);
            await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
            {
                Print(ctl, message, parsed.GetValue(timestamps));
            }

            return ExitCode.Done;
        });
    }

    private static void Print(Cli.Ctl ctl, ContainerLogsResponse message, bool timestamps)
    {
        var details = LogText.Details(message.Details);
        foreach (var line in message.Lines)
        {
            var text = details + Encoding.UTF8.GetString(line.Line.Span);
            (line.Stderr ? ctl.ShownError : ctl.Shown).WriteLine(timestamps ? $"{Ago.Json(line.AtNs)} {text}" : text);
        }

        ctl.Out.Flush();
        ctl.Error.Flush();
    }
}
