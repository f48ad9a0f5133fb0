using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image prune`</summary>
internal static class ImagePrune
{
    internal static Command Build()
    {
        var all = new Option<bool>("--all", "-a") { Description = "Remove all unused images, not just dangling ones" };
        var force = new Option<bool>("--force", "-f") { Description = "Do not prompt for confirmation" };
        var filter = new Option<string[]>("--filter")
        {
            Description = "until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]", HelpName = "filter",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("prune", "Remove images that no container uses and no rollback needs")
        {
            all, force, filter,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var request = Request(parsed.GetRequiredValue(filter), parsed.GetValue(all));
            if (!parsed.GetValue(force) && !VerbParts.Confirmed(ctl, request.All
                ? "WARNING! This will remove all images without at least one container associated to them."
                : "WARNING! This will remove all dangling images."))
            {
                return ExitCode.Done;
            }

            var answer = await ctl.LocalAsync<PruneImagesRequest, PruneImagesResponse>("PruneImages", request, ct)
                .ConfigureAwait(false);
            Print(ctl, answer);
            return ExitCode.Done;
        });
    }

    private static PruneImagesRequest Request(string[] texts, bool all)
    {
        var (except, filters) = VerbParts.PruneFilters(texts, "label", "until", "dangling");
        var request = new PruneImagesRequest { All = all };
        request.ExceptLabels.Add(except);
        request.Labels.Add(filters["label"]);
        request.UntilNs = filters["until"]
            .Select(u => Moments.Ns("--filter until", u, TimeProvider.System)).DefaultIfEmpty(0).Min();
        if (filters["dangling"].LastOrDefault() is { } dangling)
        {
            request.All = !VerbParts.Flag("dangling", dangling);
        }

        return request;
    }

    private static void Print(Cli.Ctl ctl, PruneImagesResponse answer)
    {
        if (answer.Deleted.Count > 0)
        {
            ctl.Out.WriteLine("Deleted Images:");
            foreach (var tag in answer.Untagged)
            {
                ctl.Out.WriteLine($"untagged: {tag}");
            }

            foreach (var digest in answer.Deleted)
            {
                ctl.Out.WriteLine($"deleted: {digest}");
            }

            ctl.Out.WriteLine();
        }

        ctl.Out.WriteLine($"Total reclaimed space: {ImageParts.Size(answer.ReclaimedBytes)}");
    }
}
