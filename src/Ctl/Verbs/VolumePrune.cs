using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`volume prune`</summary>
internal static class VolumePrune
{
    internal static Command Build()
    {
        var all = new Option<bool>("--all", "-a")
        {
            Description = "Remove all unused volumes, not just anonymous ones",
        };
        var force = new Option<bool>("--force", "-f") { Description = "Do not prompt for confirmation" };
        var filter = new Option<string[]>("--filter")
        {
            Description = "label=KEY[=VALUE], label!=KEY[=VALUE], all=true", HelpName = "filter",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("prune", "Remove volumes that no container uses") { all, force, filter };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var request = Request(parsed.GetRequiredValue(filter), parsed.GetValue(all));
            if (!parsed.GetValue(force) && !VerbParts.Confirmed(ctl, request.All
                ? "WARNING! This will remove all volumes not used by at least one container."
                : "WARNING! This will remove anonymous local volumes not used by at least one container."))
            {
                return ExitCode.Done;
            }

            var answer = await ctl.LocalAsync<PruneVolumesRequest, PruneVolumesResponse>("PruneVolumes", request, ct)
                .ConfigureAwait(false);
            if (answer.Names.Count > 0)
            {
                ctl.Out.WriteLine("Deleted Volumes:");
                foreach (var name in answer.Names)
                {
                    ctl.Out.WriteLine(name);
                }

                ctl.Out.WriteLine();
            }

            ctl.Out.WriteLine($"Total reclaimed space: {ImageParts.Size(answer.ReclaimedBytes)}");
            return ExitCode.Done;
        });
    }

    private static PruneVolumesRequest Request(string[] texts, bool all)
    {
        var (except, filters) = VerbParts.PruneFilters(texts, "label", "all");
        var request = new PruneVolumesRequest { All = all };
        request.ExceptLabels.Add(except);
        request.Labels.Add(filters["label"]);
        request.All |= filters["all"].Any(v => VerbParts.Flag("all", v));
        return request;
    }
}
