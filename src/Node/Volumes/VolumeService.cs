using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Volumes;

namespace Swarm.Node.Volumes;

/// <summary>The volumes of this node for swarmctl.</summary>
internal sealed class VolumeService(VolumeStore volumes)
{
    internal void Register(RpcService service)
    {
        service.Unary<CreateVolumeRequest, CreateVolumeResponse>("CreateVolume", (r, _) => Answer(
            () => new CreateVolumeResponse { Volume = View(volumes.Create(Spec(r))) }));
        service.ServerStream<ListVolumesRequest, ListVolumesResponse>("ListVolumes", ListAsync);
        service.Unary<InspectVolumeRequest, InspectVolumeResponse>("InspectVolume", (r, _) => Answer(
            () => new InspectVolumeResponse { Volume = View(volumes.Get(r.Name)) }));
        service.Unary<RemoveVolumeRequest, RemoveVolumeResponse>("RemoveVolume", (r, _) => Answer(() =>
        {
            volumes.Remove(r.Name, r.Force);
            return new RemoveVolumeResponse();
        }));
        service.Unary<PruneVolumesRequest, PruneVolumesResponse>("PruneVolumes", (r, _) => Answer(() => Prune(r)));
    }

    /// <summary>What a failure of the store is to a caller.</summary>
    internal static RpcException Refused(VolumeException e) => new(
        e.Kind switch
        {
            VolumeErrorKind.NotFound => RpcStatusCode.NotFound,
            VolumeErrorKind.Invalid => RpcStatusCode.InvalidArgument,
            VolumeErrorKind.Conflict => RpcStatusCode.AlreadyExists,
            _ => RpcStatusCode.FailedPrecondition,
        },
        e.Message);

    private async Task ListAsync(
        ListVolumesRequest request, IResponseStream<ListVolumesResponse> responses, CallContext call)
    {
        foreach (var volume in volumes.List().Where(v => request.Labels.All(l => LabelFilter.Fits(v.Labels, l))))
        {
            await responses.WriteAsync(new ListVolumesResponse { Volume = View(volume) }, call.Cancellation)
                .ConfigureAwait(false);
        }
    }

    private PruneVolumesResponse Prune(PruneVolumesRequest request)
    {
        var (names, bytes) = volumes.Prune(v =>
            (request.All || v.IsAnonymous) && request.Labels.All(l => LabelFilter.Fits(v.Labels, l))
            && !request.ExceptLabels.Any(l => LabelFilter.Fits(v.Labels, l)));
        var response = new PruneVolumesResponse { ReclaimedBytes = bytes };
        response.Names.Add(names);
        return response;
    }

    /// <summary>Looks at files, so not on the thread that reads requests.</summary>
    private static async Task<T> Answer<T>(Func<T> work)
    {
        try
        {
            return await Task.Run(work).ConfigureAwait(false);
        }
        catch (VolumeException e)
        {
            throw Refused(e);
        }
        catch (IOException e)
        {
            throw new RpcException(RpcStatusCode.Internal, $"the volumes of this node: {e.Message}");
        }
    }

    private static VolumeSpec Spec(CreateVolumeRequest request) => new()
    {
        Name = request.Name,
        Driver = request.Driver,
        Labels = request.Labels.ToDictionary(),
        Options = request.Options.ToDictionary(),
    };

    private VolumeView View(Volume volume)
    {
        var view = new VolumeView
        {
            Name = volume.Name,
            Driver = Volume.LocalDriver,
            CreatedNs = (volume.CreatedAt - DateTimeOffset.UnixEpoch).Ticks * 100,
            Mountpoint = volume.Mountpoint,
        };
        view.Labels.Add(volume.Labels.ToDictionary());
        view.Options.Add(volume.Options.ToDictionary());
        view.UsedBy.Add(volume.UsedBy.Select(volumes.NameOf));
        return view;
    }
}
