using System.Threading.Channels;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Images;

namespace Swarm.Node.Images;

/// <summary>One `image pull`: the tag's digest, the image, the tag; with its progress told on the way.</summary>
internal sealed class ImagePull(ImageStore images, IResponseStream<PullImageResponse> responses)
{
    internal async Task RunAsync(PullImageRequest request, CancellationToken ct)
    {
        var reference = ImageReference.Parse(request.Image);
        var digest = reference.Digest
            ?? (await images.ResolveAsync(reference, ct).ConfigureAwait(false)).Digest;
        var before = images.Inventory.Has(digest, reference);
        var image = await EnsureAsync(reference.Pin(digest), ct).ConfigureAwait(false);
        if (reference.Digest is null)
        {
            images.Inventory.Name(reference, image);
        }

        await responses.WriteAsync(
            new PullImageResponse
            {
                Done = new PullImageResponse.Types.Done
                {
                    Digest = digest.ToString(),
                    Fresh = !before,
                    Name = reference.ToString(),
                    Repository = reference.Repository,
                    Tag = reference.Digest is null ? reference.Tag : digest.ToString(),
                },
            },
            ct).ConfigureAwait(false);
    }

    /// <summary>Of several states that wait, the newest counts.</summary>
    private Task<LocalImage> EnsureAsync(ImageReference pinned, CancellationToken ct) => ToldWork.RunAsync(
        Channel.CreateBounded<PullProgress>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }),
        states => images.EnsureAsync(pinned, new Teller(states), ct),
        state => responses.WriteAsync(Message(state), ct),
        ct);

    private static PullImageResponse Message(PullProgress state)
    {
        var message = new PullImageResponse();
        message.Layers.Add(state.Details.Select(l => new LayerTransfer
        {
            Digest = l.Digest.ToString(),
            Phase = l.Phase switch
            {
                LayerPhase.Downloading => LayerTransfer.Types.Phase.Transferring,
                LayerPhase.Extracting => LayerTransfer.Types.Phase.Extracting,
                LayerPhase.Complete => LayerTransfer.Types.Phase.Complete,
                LayerPhase.Present => LayerTransfer.Types.Phase.Present,
                _ => LayerTransfer.Types.Phase.Waiting,
            },
            BytesDone = (ulong)l.BytesDone,
            Bytes = (ulong)l.Bytes,
        }));
        return message;
    }

    private sealed class Teller(ChannelWriter<PullProgress> states) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => states.TryWrite(value);
    }
}
