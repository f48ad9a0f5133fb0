using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`events`</summary>
internal static class Events
{
    internal static Command Build()
    {
        var filter = VerbParts.Filter();
        var format = new Option<string?>("--format") { Description = "json or a Go template", HelpName = "string" };
        var revision = new Option<string?>("--since-revision")
        {
            Description = "Show what happened after a revision (default: from now on)", HelpName = "[EPOCH.]N",
        };
        var since = new Option<string?>("--since")
        {
            Description = "Show what happened since a time, as far as it is remembered", HelpName = "string",
        };
        var until = new Option<string?>("--until") { Description = "End at a time", HelpName = "string" };
        var command = new Command("events", "Get real time events of services, tasks, nodes, secrets and configs")
        {
            filter, format, revision, since, until,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var request = Request(parsed.GetRequiredValue(filter), parsed.GetValue(revision));
            Span(request, parsed.GetValue(since), parsed.GetValue(until), TimeProvider.System);
            var print = Printer(ctl, parsed.GetValue(format));
            var feed = new EventFeed(
                request, r => ctl.StreamAsync<WatchRequest, WatchResponse>("Watch", r, ct), TimeProvider.System)
            {
                OnForgotten = until => ctl.Error.WriteLine(
                    $"WARNING: what happened before {Ago.Json(until)} is not remembered any more"),
            };
            await foreach (var (revision, e) in feed.ReadAsync(ct).ConfigureAwait(false))
            {
                print(Document(e, revision), e);
                ctl.Out.Flush();
            }

            return ExitCode.Done;
        });
    }

    internal static WatchRequest Request(string[] filters, string? since)
    {
        var wanted = VerbParts.Filters(
            filters, "type", "event", "service", "node", "task", "secret", "config", "scope");
        if (wanted["scope"].FirstOrDefault(s => s != "swarm") is { } scope)
        {
            throw new UsageException($"--filter 'scope={scope}': these are the events of the swarm; use scope=swarm");
        }

        var request = new WatchRequest();
        request.Types_.Add(wanted["type"]);
        request.Actions.Add(wanted["event"]);
        request.Services.Add(wanted["service"]);
        request.Nodes.Add(wanted["node"]);
        request.Tasks.Add(wanted["task"]);
        request.Secrets.Add(wanted["secret"]);
        request.Configs.Add(wanted["config"]);
        if (since is not null)
        {
            (request.Epoch, request.AfterRevision) = Revision.TryParse(since, out var revision)
                ? (revision.Epoch, revision.Number)
                : throw new UsageException($"--since-revision '{since}': a whole number, or EPOCH.N, as `events "
                    + "--format json` prints them");
        }

        return request;
    }

    internal static void Span(WatchRequest request, string? since, string? until, TimeProvider clock)
    {
        if (since is not null && request.HasAfterRevision)
        {
            throw new UsageException("--since and --since-revision both say where to begin; give one of them");
        }

        if (since is not null)
        {
            request.SinceNs = Moments.Ns("--since", since, clock);
        }

        if (until is not null)
        {
            request.UntilNs = Moments.Ns("--until", until, clock);
        }
    }

    /// <summary>Docker's form with revision and epoch at its end.</summary>
    internal static JsonObject Document(Event e, Revision revision)
    {
        var attributes = new JsonObject();
        foreach (var (name, value) in e.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            attributes[name] = value;
        }

        return new JsonObject
        {
            ["Type"] = e.Type,
            ["Action"] = e.Action,
            ["Actor"] = new JsonObject { ["ID"] = e.Id, ["Attributes"] = attributes },
            ["scope"] = "swarm",
            ["time"] = e.AtNs / 1_000_000_000,
            ["timeNano"] = e.AtNs,
            ["revision"] = revision.Number,
            ["epoch"] = revision.Epoch,
        };
    }

    /// <summary>"2026-01-02T13:23:37.000000000Z service update ID (name=web, replicas.new=3)"</summary>
    internal static string Line(Event e) => Printable.Line(
        $"{Ago.Json(e.AtNs)} {e.Type} {e.Action} {e.Id} ("
        + string.Join(", ", e.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}"))
        + ")");

    private static Action<JsonObject, Event> Printer(Cli.Ctl ctl, string? format)
    {
        if (string.IsNullOrEmpty(format))
        {
            return (_, e) => ctl.Out.WriteLine(Line(e));
        }

        if (format == "json")
        {
            return (document, _) => Documents.Print(ctl, [document], "json");
        }

        var template = GoTemplate.Parse(format);
        return (document, _) => ctl.Out.WriteLine(template.Render(document));
    }
}
