using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Images;

namespace Swarm.Node.Images;

/// <summary>The images of this node for swarmctl: lists, tags, removals, pulls.</summary>
internal sealed class ImageService(ImageStore images)
{
    /// <summary>A config that does not fit one answer cannot be shown.</summary>
    private const int MaxShownConfigBytes = 3 << 20;

    internal void Register(RpcService service)
    {
        service.ServerStream<ListImagesRequest, ListImagesResponse>("ListImages", ListAsync);
        service.Unary<InspectImageRequest, InspectImageResponse>("InspectImage", (r, _) => Answer(() => Inspect(r)));
        service.ServerStream<PullImageRequest, PullImageResponse>("PullImage", PullAsync);
        service.Unary<TagImageRequest, TagImageResponse>("TagImage", (r, _) => Answer(() =>
        {
            images.Inventory.Tag(r.Source, r.Target);
            return new TagImageResponse();
        }));
        service.Unary<RemoveImageRequest, RemoveImageResponse>("RemoveImage", (r, _) => Answer(() => Remove(r)));
        service.Unary<PruneImagesRequest, PruneImagesResponse>("PruneImages", (r, _) => Answer(() => Prune(r)));
    }

    /// <summary>What a failure of the store is to a caller.</summary>
    internal static RpcException Refused(ImageException e) => new(
        e.Kind switch
        {
            ImageErrorKind.NotFound => RpcStatusCode.NotFound,
            ImageErrorKind.Unreachable => RpcStatusCode.Unavailable,
            ImageErrorKind.Denied => RpcStatusCode.PermissionDenied,
            ImageErrorKind.Invalid => RpcStatusCode.InvalidArgument,
            _ => RpcStatusCode.FailedPrecondition,
        },
        e.Message);

    /// <summary>Looks at files, so not on the thread that reads requests.</summary>
    internal static Task<T> Answer<T>(Func<T> work) => GuardAsync(() => Task.Run(work));

    /// <summary>Turns failures of the store into answers.</summary>
    internal static async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            throw Refused(e);
        }
        catch (IOException e)
        {
            throw new RpcException(RpcStatusCode.Internal, $"the image store failed: {e.Message}");
        }
    }

    private async Task ListAsync(
        ListImagesRequest request, IResponseStream<ListImagesResponse> responses, CallContext call)
    {
        foreach (var image in await Answer(() => images.Inventory.List()).ConfigureAwait(false))
        {
            if (request.Labels.All(l => LabelFilter.Fits(image.Config.Labels, l)))
            {
                await responses.WriteAsync(new ListImagesResponse { Image = View(image) }, call.Cancellation)
                    .ConfigureAwait(false);
            }
        }
    }

    private InspectImageResponse Inspect(InspectImageRequest request)
    {
        var image = images.Inventory.Get(request.Image);
        var config = images.Inventory.ConfigOf(image);
        if (config.Length > MaxShownConfigBytes)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"the config of image {image.Id} has {config.Length} bytes; up to {MaxShownConfigBytes} are shown");
        }

        var response = new InspectImageResponse
        {
            Image = View(image),
            Config = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(config),
            ManifestDigest = image.Manifest.ToString(),
            AddedNs = Ns(image.AddedAt),
            StoreDirectory = images.Directory,
        };
        response.LayerBytes.Add(image.LayerBytes.Select(b => (ulong)b));
        return response;
    }

    private Task PullAsync(
        PullImageRequest request, IResponseStream<PullImageResponse> responses, CallContext call) =>
        GuardAsync(async () =>
        {
            await new ImagePull(images, responses).RunAsync(request, call.Cancellation).ConfigureAwait(false);
            return true;
        });

    private RemoveImageResponse Remove(RemoveImageRequest request)
    {
        var removed = images.Inventory.Remove(request.Image, request.Force);
        var response = new RemoveImageResponse();
        response.Untagged.Add(removed.Untagged);
        response.Deleted.Add(removed.Deleted.Select(d => d.ToString()));
        return response;
    }

    private PruneImagesResponse Prune(PruneImagesRequest request)
    {
        var removed = images.Inventory.Prune(
            request.All,
            image => (request.UntilNs == 0 || (image.Config.Created is { } built && Ns(built) < request.UntilNs))
                && request.Labels.All(l => LabelFilter.Fits(image.Config.Labels, l))
                && !request.ExceptLabels.Any(l => LabelFilter.Fits(image.Config.Labels, l)));
        var response = new PruneImagesResponse { ReclaimedBytes = (ulong)removed.Bytes };
        response.Untagged.Add(removed.Untagged);
        response.Deleted.Add(removed.Deleted.Select(d => d.ToString()));
        return response;
    }

    private static ImageView View(StoredImage image)
    {
        var view = new ImageView
        {
            Id = image.Id.ToString(),
            CreatedNs = image.Config.Created is { } built ? Ns(built) : 0,
            Bytes = (ulong)image.Bytes,
        };
        view.Tags.Add(image.Tags);
        view.Digests.Add(image.Digests);
        view.UsedBy.Add(image.UsedBy);
        view.KeptFor.Add(image.KeptFor);
        return view;
    }

    /// <summary>Nanoseconds since 1970; what nobody can have built is 0.</summary>
    private static long Ns(DateTimeOffset at) =>
        at.Year is > 1970 and < 2200 ? (at - DateTimeOffset.UnixEpoch).Ticks * 100 : 0;
}
