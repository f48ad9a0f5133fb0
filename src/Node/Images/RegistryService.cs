using System.Threading.Channels;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Images;

namespace Swarm.Node.Images;

/// <summary>What swarmctl asks of registries through this node: pushes, and credentials.</summary>
internal sealed class RegistryService(ImageStore images, CredentialStore credentials)
{
    internal void Register(RpcService service)
    {
        service.ServerStream<PushImageRequest, PushImageResponse>("PushImage", PushAsync);
        service.Unary<LoginRegistryRequest, LoginRegistryResponse>(
            "LoginRegistry", (r, call) => ImageService.GuardAsync(() => LoginAsync(r, call.Cancellation)));
        service.Unary<LogoutRegistryRequest, LogoutRegistryResponse>(
            "LogoutRegistry", (r, _) => ImageService.Answer(() => Logout(r)));
    }

    private async Task<LoginRegistryResponse> LoginAsync(LoginRegistryRequest request, CancellationToken ct)
    {
        var host = CredentialStore.HostOf(request.Server);
        var given = new RegistryCredentials(request.User, request.Password);
        await images.Registry.CheckCredentialsAsync(host, given, ct).ConfigureAwait(false);
        credentials.Set(host, given);
        images.Registry.Forget(host);
        return new LoginRegistryResponse { Host = host };
    }

    private LogoutRegistryResponse Logout(LogoutRegistryRequest request)
    {
        var host = CredentialStore.HostOf(request.Server);
        var had = credentials.Remove(host);
        images.Registry.Forget(host);
        return new LogoutRegistryResponse { Host = host, HadCredentials = had };
    }

    private async Task PushAsync(
        PushImageRequest request, IResponseStream<PushImageResponse> responses, CallContext call)
    {
        var ct = call.Cancellation;
        // Some messages for each layer; an image has 500 layers at most.
        var pushed = await ToldWork.RunAsync(
            Channel.CreateUnbounded<PushedLayer>(),
            told => ImageService.GuardAsync(
                () => images.Files.PushAsync(request.Image, layer => told.TryWrite(layer), ct)),
            layer => responses.WriteAsync(Message(layer), ct),
            ct).ConfigureAwait(false);
        await responses.WriteAsync(
            new PushImageResponse
            {
                Done = new PushImageResponse.Types.Done
                {
                    Digest = pushed.Digest.ToString(), Tag = pushed.Tag, Bytes = (ulong)pushed.Bytes,
                },
            },
            ct).ConfigureAwait(false);
    }

    private static PushImageResponse Message(PushedLayer layer)
    {
        var message = new PushImageResponse();
        message.Layers.Add(new LayerTransfer
        {
            Digest = layer.DiffId.ToString(),
            MountedFrom = layer.MountedFrom,
            Phase = layer.Phase switch
            {
                PushPhase.Pushing => LayerTransfer.Types.Phase.Transferring,
                PushPhase.Pushed => LayerTransfer.Types.Phase.Complete,
                PushPhase.Exists => LayerTransfer.Types.Phase.Present,
                PushPhase.Mounted => LayerTransfer.Types.Phase.Mounted,
                _ => LayerTransfer.Types.Phase.Waiting,
            },
        });
        return message;
    }
}
