using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager.Control;

/// <summary>An image as its registry knows it now.</summary>
/// <param name="Canonical">host/name:tag@sha256:…</param>
/// <param name="Platforms">What it can run on; empty when the registry does not say.</param>
public sealed record PinnedImage(string Canonical, IReadOnlyList<Platform> Platforms);

/// <summary>
/// Asks a registry for a tag's digest. Throws <see cref="RpcException"/> with NOT_FOUND when the registry says that
/// there is no such image, UNAVAILABLE when it cannot be asked.
/// </summary>
/// <param name="image">As its user wrote it.</param>
/// <param name="logins">What the service carries; those of the manager are used where it has none for the host.</param>
/// <param name="ct">Gives up.</param>
public delegate Task<PinnedImage> ImageResolver(
    string image, IReadOnlyList<RegistryLogin> logins, CancellationToken ct);

/// <summary>
/// Fixes a spec's image to its digest when the service is created or its image changes, so that all tasks on all
/// nodes run the same one even when the tag moves (attacks.md REG-8).
/// </summary>
internal sealed class ImagePinner(ImageResolver resolve)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    /// <summary>The spec with the pinned image; the original when nothing had to be asked.</summary>
    internal async Task<(ServiceSpec Spec, IReadOnlyList<string> Warnings)> PinAsync(
        ServiceSpec spec, bool keepAsWritten, IReadOnlyList<RegistryLogin> logins, CancellationToken ct)
    {
        var image = spec.Task.Container.Image;
        if (keepAsWritten || image.Contains("@sha256:", StringComparison.Ordinal))
        {
            return (spec, []);
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(Timeout);
        PinnedImage pinned;
        try
        {
            pinned = await resolve(image, logins, bounded.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Errors.Outside(
                $"image {image}: its registry did not answer within {Timeout.TotalSeconds} s; nothing was stored; "
                + "check the registry, or use --no-resolve-image to let each node find the image by itself");
        }

        catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable)
        {
            throw Errors.Outside(e.Message);
        }

        var changed = spec.Clone();
        changed.Task.Container.Image = pinned.Canonical;
        changed.Task.Placement ??= new Placement();
        changed.Task.Placement.Platforms.Clear();
        changed.Task.Placement.Platforms.Add(pinned.Platforms);
        return (changed, []);
    }
}
