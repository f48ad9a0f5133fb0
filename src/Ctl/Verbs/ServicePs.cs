using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service ps`, and the listing that `node ps` shares with it.</summary>
internal static class ServicePs
{
    internal static Command Build()
    {
        var services = VerbParts.Several("SERVICE", ArgumentArity.OneOrMore);
        var listing = new TaskListing();
        var command = new Command("ps", "List the tasks of one or more services") { services };
        listing.AddTo(command);
        return command.Does(async (ctl, parsed, ct) =>
        {
            var result = ExitCode.Done;
            var request = listing.Request(parsed);
            foreach (var reference in parsed.GetRequiredValue(services))
            {
                try
                {
                    request.ServiceRefs.Add(
                        (await VerbParts.ServiceAsync(ctl, reference, ct).ConfigureAwait(false)).Id);
                }
                catch (Rpc.RpcException e) when (e.Code == Rpc.RpcStatusCode.NotFound)
                {
                    ctl.Error.WriteLine($"no such service: {reference}");
                    result = ExitCode.NotFound;
                }
            }

            if (request.ServiceRefs.Count > 0)
            {
                await listing.PrintAsync(ctl, parsed, request, ct).ConfigureAwait(false);
            }

            return result;
        });
    }
}

/// <summary>Options and output of a listing of tasks.</summary>
internal sealed class TaskListing
{
    private readonly Option<string?> _format = VerbParts.Format();
    private readonly Option<bool> _quiet = VerbParts.Quiet("Only display task IDs");
    private readonly Option<string[]> _filter = VerbParts.Filter();
    private readonly Option<bool> _noTrunc = VerbParts.NoTrunc();
    private readonly Option<bool> _noResolve = VerbParts.NoResolve();

    internal void AddTo(Command command)
    {
        command.Add(_format);
        command.Add(_quiet);
        command.Add(_filter);
        command.Add(_noTrunc);
        command.Add(_noResolve);
    }

    internal ListTasksRequest Request(ParseResult parsed)
    {
        var filters = VerbParts.Filters(
            parsed.GetRequiredValue(_filter), "id", "name", "node", "desired-state", "label");
        var request = new ListTasksRequest();
        request.Ids.Add(filters["id"]);
        request.Names.Add(filters["name"]);
        request.NodeRefs.Add(filters["node"]);
        request.DesiredStates.Add(filters["desired-state"]);
        request.Labels.Add(filters["label"]);
        return request;
    }

    internal async Task PrintAsync(Cli.Ctl ctl, ParseResult parsed, ListTasksRequest request, CancellationToken ct)
    {
        var tasks = await Lists.TasksAsync(ctl, request, ct).ConfigureAwait(false);
        var format = parsed.GetValue(_format);
        var isTable = format is null or "" || format.StartsWith("table", StringComparison.Ordinal);
        var quiet = parsed.GetValue(_quiet);
        var rows = TaskRows.Build(tasks, parsed.GetValue(_noTrunc) || quiet, parsed.GetValue(_noResolve), isTable);
        Listing.Print(ctl, TaskRows.Columns, rows, format, quiet ? "ID" : null);
    }
}
