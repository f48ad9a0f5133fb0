using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image pull`</summary>
internal static class ImagePull
{
    internal static Command Build()
    {
        var name = new Argument<string>("NAME[:TAG|@DIGEST]");
        var allTags = new Option<bool>("--all-tags", "-a")
        {
            Description = "Not available: name the tags", Hidden = true,
        };
        var platform = ImageParts.Platform();
        var quiet = VerbParts.Quiet("Suppress verbose output");
        var command = new Command("pull", "Download an image from a registry") { name, allTags, platform, quiet };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "a node has images of its own platform only");
            if (parsed.GetValue(allTags))
            {
                throw new UsageException("--all-tags: not available; name the tags that are wanted");
            }

            var isQuiet = parsed.GetValue(quiet);
            var image = parsed.GetRequiredValue(name);
            var view = new TransferView(ctl, TransferView.Pulling, isQuiet);
            var done = await RunAsync(ctl, image, view, ct).ConfigureAwait(false);
            if (!isQuiet)
            {
                ctl.Out.WriteLine($"Digest: {done.Digest}");
                ctl.Out.WriteLine(
                    $"Status: {(done.Fresh ? "Downloaded newer image" : "Image is up to date")} for {done.Name}");
            }

            ctl.Out.WriteLine(done.Name);
            return ExitCode.Done;
        });
    }

    private static async Task<PullImageResponse.Types.Done> RunAsync(
        Cli.Ctl ctl, string image, TransferView view, CancellationToken ct)
    {
        await using var call = ctl.LocalStream<PullImageRequest, PullImageResponse>(
            "PullImage", new PullImageRequest { Image = image }, ct);
        var (repository, tag) = ImageParts.Split(image.Split('@')[0]);
        view.Begin($"{(image.Contains('@', StringComparison.Ordinal) ? image.Split('@')[1]
            : tag == ImageParts.None ? "latest" : tag)}: Pulling from {repository}");
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            view.Show(message.Layers);
            if (message.Done is { } done)
            {
                return done;
            }
        }

        throw new CtlException(ExitCode.Unavailable, "the daemon ended the pull before its end; try again");
    }
}
