using System.CommandLine;
using System.Runtime.CompilerServices;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image import`</summary>
internal static class ImageImport
{
    internal static Command Build()
    {
        var file = new Argument<string>("file|-") { Description = "Tar archive of a root file system" };
        var tag = new Argument<string?>("REPOSITORY[:TAG]") { Arity = ArgumentArity.ZeroOrOne };
        var change = new Option<string[]>("--change", "-c")
        {
            Description = "Apply Dockerfile instruction to the created image", HelpName = "list",
            DefaultValueFactory = _ => [],
        };
        var message = new Option<string?>("--message", "-m")
        {
            Description = "Set commit message for imported image", HelpName = "string",
        };
        var platform = ImageParts.Platform();
        var command = new Command("import", "Import a root file system as an image of one layer")
        {
            file, tag, change, message, platform,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "an imported image is for this node's platform");
            var path = parsed.GetRequiredValue(file);
            if (path.Contains("://", StringComparison.Ordinal))
            {
                throw new UsageException($"'{path}': addresses are not fetched; download the file, or pipe it to '-'");
            }

            var options = new ImportImageOptions
            {
                Tag = parsed.GetValue(tag) ?? "",
                Message = parsed.GetValue(message) ?? $"Imported from {path}",
            };
            options.Changes.Add(parsed.GetRequiredValue(change));
            var answer = await ctl.UploadAsync<ImportImageRequest, ImportImageResponse>(
                "ImportImage", MessagesAsync(options, path, ct), ct).ConfigureAwait(false);
            ctl.Out.WriteLine(answer.Id);
            return ExitCode.Done;
        });
    }

    private static async IAsyncEnumerable<ImportImageRequest> MessagesAsync(
        ImportImageOptions options, string path, [EnumeratorCancellation] CancellationToken ct)
    {
        yield return new ImportImageRequest { Options = options };
        await foreach (var piece in ImageArchives.PiecesAsync(path, ct).ConfigureAwait(false))
        {
            yield return new ImportImageRequest { Data = piece };
        }
    }
}
