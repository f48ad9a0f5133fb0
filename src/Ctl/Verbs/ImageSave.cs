using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image save`</summary>
internal static class ImageSave
{
    internal static Command Build()
    {
        var images = VerbParts.Several("IMAGE", ArgumentArity.OneOrMore);
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Write to a file, instead of STDOUT", HelpName = "file",
        };
        var platform = ImageParts.Platform();
        var command = new Command("save", "Save one or more images to a tar archive (streamed to STDOUT by default)")
        {
            images, output, platform,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "a node has images of its own platform only");
            var request = new SaveImagesRequest();
            request.Images.Add(parsed.GetRequiredValue(images));
            await ImageArchives.WriteAsync(
                parsed.GetValue(output), write => RunAsync(ctl, request, write, ct)).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }

    private static async Task RunAsync(
        Cli.Ctl ctl, SaveImagesRequest request, Action<ReadOnlyMemory<byte>> write, CancellationToken ct)
    {
        await using var call = ctl.LocalStream<SaveImagesRequest, SaveImagesResponse>("SaveImages", request, ct);
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            if (message.KindCase == SaveImagesResponse.KindOneofCase.Done)
            {
                return;
            }

            write(message.Data.Memory);
        }

        throw new CtlException(ExitCode.Unavailable, "the daemon ended the archive before its end; try again");
    }
}
