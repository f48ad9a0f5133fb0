using System.CommandLine;
using System.Runtime.CompilerServices;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image load`</summary>
internal static class ImageLoad
{
    internal static Command Build()
    {
        var input = new Option<string?>("--input", "-i")
        {
            Description = "Read from tar archive file, instead of STDIN", HelpName = "file",
        };
        var platform = ImageParts.Platform();
        var quiet = VerbParts.Quiet("Suppress the load output");
        var command = new Command("load", "Load images from a tar archive (OCI layout or docker save) or STDIN")
        {
            input, platform, quiet,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "of an archive for several platforms this node's is loaded");
            var loaded = await ctl.UploadAsync<LoadImagesRequest, LoadImagesResponse>(
                "LoadImages", MessagesAsync(parsed.GetValue(input), ct), ct).ConfigureAwait(false);
            foreach (var image in loaded.Loaded)
            {
                var word = image.StartsWith("sha256:", StringComparison.Ordinal) ? "Loaded image ID" : "Loaded image";
                ctl.Out.WriteLine($"{word}: {image}");
            }

            return ExitCode.Done;
        });
    }

    private static async IAsyncEnumerable<LoadImagesRequest> MessagesAsync(
        string? path, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var piece in ImageArchives.PiecesAsync(path ?? "-", ct).ConfigureAwait(false))
        {
            yield return new LoadImagesRequest { Data = piece };
        }
    }
}
