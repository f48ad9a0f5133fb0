using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image ls`</summary>
internal static class ImageLs
{
    private static readonly Column Repository = new("REPOSITORY", "Repository");
    private static readonly Column Tag = new("TAG", "Tag");
    private static readonly Column Digest = new("DIGEST", "Digest");
    private static readonly Column[] Rest =
    [
        new("IMAGE ID", "ID"), new("CREATED", "CreatedSince"), new("SIZE", "Size"),
    ];

    internal static Command Build(string name = "ls")
    {
        var pattern = new Argument<string?>("REPOSITORY[:TAG]") { Arity = ArgumentArity.ZeroOrOne };
        // Nothing is hidden: builds leave no intermediate images here.
        var all = new Option<bool>("--all", "-a") { Description = "Show all images (none are hidden)" };
        var digests = new Option<bool>("--digests") { Description = "Show digests" };
        var filter = VerbParts.Filter();
        var format = VerbParts.Format();
        var noTrunc = VerbParts.NoTrunc();
        var quiet = VerbParts.Quiet("Only show image IDs");
        var command = new Command(name, "List the images of this node")
        {
            pattern, all, digests, filter, format, noTrunc, quiet,
        };
        command.Aliases.Add("list");
        return command.Does(async (ctl, parsed, ct) =>
        {
            var filters = await ImageFilters.ReadAsync(
                ctl, parsed.GetRequiredValue(filter), parsed.GetValue(pattern), ct).ConfigureAwait(false);
            var rows = new List<JsonObject>();
            foreach (var image in await ListAsync(ctl, filters.Labels, ct).ConfigureAwait(false))
            {
                rows.AddRange(filters.Names(image).Select(
                    n => Row(image, n, parsed.GetValue(noTrunc), parsed.GetValue(digests))));
            }

            var isQuiet = parsed.GetValue(quiet);
            Listing.Print(
                ctl,
                parsed.GetValue(digests) ? [Repository, Tag, Digest, .. Rest] : [Repository, Tag, .. Rest],
                isQuiet ? [.. rows.DistinctBy(r => (string?)r["ID"])] : rows,
                parsed.GetValue(format),
                isQuiet ? "ID" : null);
            return ExitCode.Done;
        });
    }

    internal static async Task<List<ImageView>> ListAsync(
        Cli.Ctl ctl, IEnumerable<string> labels, CancellationToken ct)
    {
        var request = new ListImagesRequest();
        request.Labels.Add(labels);
        await using var call = ctl.LocalStream<ListImagesRequest, ListImagesResponse>("ListImages", request, ct);
        var images = new List<ImageView>();
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            images.Add(message.Image);
        }

        return images;
    }

    private static JsonObject Row(ImageView image, ImageRowName name, bool whole, bool digests) => new()
    {
        ["ID"] = whole ? image.Id : ImageParts.ShortId(image.Id),
        ["Repository"] = name.Repository,
        ["Tag"] = name.Tag,
        ["Digest"] = digests ? name.Digest : ImageParts.None,
        ["CreatedSince"] = ImageParts.CreatedSince(image.CreatedNs),
        ["CreatedAt"] = ImageParts.CreatedAt(image.CreatedNs),
        ["Size"] = ImageParts.Size(image.Bytes),
        ["VirtualSize"] = ImageParts.Size(image.Bytes),
        ["SharedSize"] = "N/A",
        ["UniqueSize"] = "N/A",
        ["Containers"] = image.UsedBy.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
