using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;

namespace Swarm.Ctl.Verbs;

/// <summary>`container ls`, also `ps`</summary>
internal static class ContainerLs
{
    internal static Command Build(string name = "ls")
    {
        var all = new Option<bool>("--all", "-a") { Description = "Show all containers (default shows just running)" };
        var last = new Option<string?>("--last", "-n")
        {
            Description = "The n last created containers, in whatever state", HelpName = "int",
        };
        var latest = new Option<bool>("--latest", "-l") { Description = "The latest created container" };
        var size = new Option<bool>("--size", "-s") { Description = "Not available: sizes are not counted" };
        var (filter, format, noTrunc) = (VerbParts.Filter(), VerbParts.Format(), VerbParts.NoTrunc());
        var quiet = VerbParts.Quiet("Only display container IDs");
        var command = new Command(name, "List the containers of this node")
        {
            all, filter, format, last, latest, noTrunc, quiet, size,
        };
        if (name == "ls")
        {
            command.Aliases.Add("list");
            command.Aliases.Add("ps");
        }

        return command.Does(async (ctl, parsed, ct) =>
        {
            ContainerParts.Refuse(parsed, size, "leave it out");
            var filters = new ContainerFilters(parsed.GetRequiredValue(filter));
            var newest = parsed.GetValue(latest) ? 1
                : parsed.GetValue(last) is { } n ? (int?)Units.Count("--last", n) : null;
            var wide = parsed.GetValue(all) || filters.WantsAll || newest is not null;
            // Filters may name containers that do not run themselves.
            var known = await ContainerParts.ListAsync(ctl, all: true, ct).ConfigureAwait(false);
            var shown = filters.Of(known).Where(
                c => wide || c.State == Protocol.V1.ContainerView.Types.State.Running);
            Listing.Print(
                ctl, ContainerRows.Columns,
                [.. shown.Take(newest ?? int.MaxValue).Select(c => ContainerRows.Row(c, parsed.GetValue(noTrunc)))],
                parsed.GetValue(format), parsed.GetValue(quiet) ? "ID" : null);
            return ExitCode.Done;
        });
    }
}
