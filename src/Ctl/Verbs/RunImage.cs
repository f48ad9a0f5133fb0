using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>The image of a `run`: looked for on this node, and brought when it is not there.</summary>
internal static class RunImage
{
    internal static async Task BringAsync(Cli.Ctl ctl, string image, FlagValues flags, CancellationToken ct)
    {
        var pull = flags.Last("pull") ?? "missing";
        if (pull != "always" && await IsHereAsync(ctl, image, ct).ConfigureAwait(false))
        {
            return;
        }

        if (pull == "never")
        {
            throw new RpcException(
                RpcStatusCode.NotFound, $"no such image on this node: {image}; pull it, or leave --pull never out");
        }

        // As docker: what is said about the image is no output of the container's.
        if (pull == "missing")
        {
            ctl.Error.WriteLine($"Unable to find image '{image}' locally");
        }

        await using var call = ctl.LocalStream<PullImageRequest, PullImageResponse>(
            "PullImage", new PullImageRequest { Image = image }, ct);
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            if (message.Done is { } done && !flags.IsOn("quiet"))
            {
                ctl.Error.WriteLine($"Digest: {done.Digest}");
                ctl.Error.WriteLine(
                    $"Status: {(done.Fresh ? "Downloaded newer image" : "Image is up to date")} for {done.Name}");
            }
        }
    }

    private static async Task<bool> IsHereAsync(Cli.Ctl ctl, string image, CancellationToken ct)
    {
        try
        {
            await ImageParts.InspectAsync(ctl, image, ct).ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.Code == RpcStatusCode.NotFound)
        {
            return false;
        }
    }
}
