using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image rm`</summary>
internal static class ImageRm
{
    internal static Command Build(string name = "rm")
    {
        var images = VerbParts.Several("IMAGE", ArgumentArity.OneOrMore);
        var force = new Option<bool>("--force", "-f")
        {
            Description = "Also with several tags, or when a service may be rolled back to it",
        };
        var noPrune = new Option<bool>("--no-prune") { Description = "There are no untagged parents here" };
        var command = new Command(name, "Remove one or more images") { images, force, noPrune };
        command.Aliases.Add("remove");
        return command.Does((ctl, parsed, ct) => Verb.EachAsync(
            parsed.GetRequiredValue(images), ctl,
            async image =>
            {
                var answer = await ctl.LocalAsync<RemoveImageRequest, RemoveImageResponse>(
                    "RemoveImage", new RemoveImageRequest { Image = image, Force = parsed.GetValue(force) }, ct)
                    .ConfigureAwait(false);
                foreach (var tag in answer.Untagged)
                {
                    ctl.Out.WriteLine($"Untagged: {tag}");
                }

                foreach (var digest in answer.Deleted)
                {
                    ctl.Out.WriteLine($"Deleted: {digest}");
                }
            },
            ct));
    }
}
