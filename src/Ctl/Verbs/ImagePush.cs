using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image push`</summary>
internal static class ImagePush
{
    internal static Command Build()
    {
        var name = new Argument<string>("NAME[:TAG]");
        var allTags = new Option<bool>("--all-tags", "-a")
        {
            Description = "Not available: push the tags", Hidden = true,
        };
        var platform = ImageParts.Platform();
        var quiet = VerbParts.Quiet("Suppress verbose output");
        var command = new Command("push", "Upload an image to a registry") { name, allTags, platform, quiet };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "a node has images of its own platform only");
            if (parsed.GetValue(allTags))
            {
                throw new UsageException("--all-tags: not available; push the tags one by one");
            }

            var isQuiet = parsed.GetValue(quiet);
            var image = parsed.GetRequiredValue(name);
            var view = new TransferView(ctl, TransferView.Pushing, isQuiet);
            view.Begin($"The push refers to repository [{ImageParts.Split(image).Repository}]");
            var done = await RunAsync(ctl, image, view, ct).ConfigureAwait(false);
            ctl.Out.WriteLine(isQuiet ? image : $"{done.Tag}: digest: {done.Digest} size: {done.Bytes}");
            return ExitCode.Done;
        });
    }

    private static async Task<PushImageResponse.Types.Done> RunAsync(
        Cli.Ctl ctl, string image, TransferView view, CancellationToken ct)
    {
        await using var call = ctl.LocalStream<PushImageRequest, PushImageResponse>(
            "PushImage", new PushImageRequest { Image = image }, ct);
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            view.Show(message.Layers);
            if (message.Done is { } done)
            {
                return done;
            }
        }

        throw new CtlException(ExitCode.Unavailable, "the daemon ended the push before its end; try again");
    }
}
