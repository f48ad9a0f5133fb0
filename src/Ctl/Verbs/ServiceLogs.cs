using System.CommandLine;
using System.Globalization;
using System.Text;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service logs`</summary>
internal static class ServiceLogs
{
    internal static Command Build()
    {
        var service = new Argument<string>("SERVICE|TASK");
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes" };
        var tail = new Option<string?>("--tail", "-n") { Description = "Lines from the end of each log (default all)" };
        var since = new Option<string?>(
            "--since") { Description = "A time (2026-01-02T13:23:37Z) or a duration back (42m)" };
        var timestamps = new Option<bool>("--timestamps", "-t") { Description = "Show timestamps" };
        var raw = new Option<bool>("--raw") { Description = "The lines only" };
        var noResolve = VerbParts.NoResolve();
        var noTaskIds = new Option<bool>("--no-task-ids") { Description = "Do not show task ids" };
        var noTrunc = VerbParts.NoTrunc();
        var details = new Option<bool>("--details") { Description = "Show ids of node, service and task too" };
        var command = new Command("logs", "Fetch the logs of a service or task")
        {
            service, follow, tail, since, timestamps, raw, noResolve, noTaskIds, noTrunc, details,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var form = new LineForm(
                parsed.GetValue(timestamps), parsed.GetValue(raw), parsed.GetValue(noResolve),
                parsed.GetValue(noTaskIds), parsed.GetValue(noTrunc), parsed.GetValue(details));
            var request = new ServiceLogsRequest
            {
                Follow = parsed.GetValue(follow), Tail = Tail(parsed.GetValue(tail)), Details = form.Details,
                SinceNs = parsed.GetValue(since) is { } from
                    ? Moments.Ns("--since", from, TimeProvider.System)
                    : 0,
            };
            request.Refs.Add(parsed.GetRequiredValue(service));
            var lines = new LogLines(
                (asked, stop) => ctl.StreamAsync<ServiceLogsRequest, ServiceLogsResponse>("ServiceLogs", asked, stop),
                request, TimeProvider.System);
            await foreach (var line in lines.ReadAsync(ct).ConfigureAwait(false))
            {
                Print(ctl, line, form);
            }

            return ExitCode.Done;
        });
    }

    private static void Print(Cli.Ctl ctl, ServiceLogsResponse line, LineForm form)
    {
        if (line.Warning.Length > 0)
        {
            ctl.Error.WriteLine("warning: " + line.Warning);
            return;
        }

        var text = Encoding.UTF8.GetString(line.Line.Span);
        var prefix = form.Raw ? "" : Prefix(line, form) + "    | ";
        var time = form.Timestamps ? Ago.Json(line.AtNs) + " " : "";
        var details = form.Details ? Details(line) : "";
        (line.Stderr ? ctl.ShownError : ctl.Shown).WriteLine(time + prefix + details + text);
        (line.Stderr ? ctl.Error : ctl.Out).Flush();
    }

    private static string Details(ServiceLogsResponse line) => LogText.Details(line.Details.ToDictionary().Concat(
    [
        new("com.docker.swarm.node.id", line.NodeId), new("com.docker.swarm.service.id", line.ServiceId),
        new("com.docker.swarm.task.id", line.TaskId),
    ]));

    private static string Prefix(ServiceLogsResponse line, LineForm form)
    {
        var name = form.NoResolve
            ? line.Slot == 0
                ? $"{line.ServiceId}.{line.NodeId}"
                : string.Create(CultureInfo.InvariantCulture, $"{line.ServiceId}.{line.Slot}")
            : line.TaskName;
        var id = form.NoTaskIds ? "" : "." + (form.NoTrunc ? line.TaskId : VerbParts.ShortId(line.TaskId));
        return $"{name}{id}@{(form.NoResolve ? line.NodeId : line.NodeHostname)}";
    }

    private static long Tail(string? text) =>
        text is null or "all" ? -1 : (long)Units.Count("--tail", text);

    private sealed record LineForm(
        bool Timestamps, bool Raw, bool NoResolve, bool NoTaskIds, bool NoTrunc, bool Details);
}
