using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image tag`</summary>
internal static class ImageTag
{
    internal static Command Build()
    {
        var source = ImageParts.Image("SOURCE_IMAGE[:TAG]");
        var target = new Argument<string>("TARGET_IMAGE[:TAG]") { Description = "The new tag" };
        var command = new Command("tag", "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE") { source, target };
        return command.Does(async (ctl, parsed, ct) =>
        {
            await ctl.LocalAsync<TagImageRequest, TagImageResponse>(
                "TagImage",
                new TagImageRequest
                {
                    Source = parsed.GetRequiredValue(source), Target = parsed.GetRequiredValue(target),
                },
                ct).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }
}
